import { isAdministrator } from "../inbox/inbox.ts";
import { holdsBack, isMendedByToken } from "../numbers/channels.ts";
import { sentence } from "../words.ts";
import { numberAddress } from "../app/router.ts";
import { WarningIcon } from "../app/icons.tsx";

/** Says to whoever writes why what they write does not leave, where they would otherwise wait in vain. */
export function HeldBack({ channelId }: { channelId: string }) {
  const held = holdsBack(channelId);
  return (
    <div role="status">
      {held && (
        <p class="held-back" data-testid="held-back">
          <WarningIcon />
          <span>
            <strong dir="auto">{held.channel.name}</strong>{" "}
            {held.problem ? `can't send now. ${sentence(held.problem.message)}` : "is disconnected: nothing can be sent from it."}{" "}
            {isAdministrator.value ? (
              <a href={numberAddress(channelId, held.problem && isMendedByToken(held.problem) ? "token" : "")}>See how to mend it</a>
            ) : (
              "An administrator can mend it."
            )}
          </span>
        </p>
      )}
    </div>
  );
}
