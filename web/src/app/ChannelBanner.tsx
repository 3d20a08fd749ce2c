import { isAdministrator } from "../inbox/inbox.ts";
import { ailing, isMendedByToken, worst } from "../numbers/channels.ts";
import { sentence } from "../words.ts";
import { numberAddress, place, screen } from "./router.ts";
import { WarningIcon } from "./icons.tsx";

/** Tells an administrator, wherever they are, which number has a problem, and leads to where it is mended. */
export function ChannelBanner() {
  const channel = ailing.value[0];
  const problem = channel && worst(channel);
  const isThere = channel !== undefined && screen.value === "numbers" && place.value[0] === channel.id;
  const more = ailing.value.length - 1;
  return (
    <div class="channel-banner" role="status">
      {isAdministrator.value && channel && problem && !isThere && (
        <p data-testid="channel-banner">
          <span>
            <WarningIcon />
            <span>
              <strong dir="auto">{channel.name}</strong>: {sentence(problem.message)}
              {more > 0 && ` ${more} more ${more === 1 ? "number has" : "numbers have"} a problem.`}
            </span>
          </span>
          <a
            class="button"
            href={numberAddress(channel.id, isMendedByToken(problem) ? "token" : "")}
            data-testid="mend"
          >
            {isMendedByToken(problem) ? "Enter a new token" : "See how to mend it"}
          </a>
        </p>
      )}
    </div>
  );
}
