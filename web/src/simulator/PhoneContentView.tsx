import type { PhoneMessage, PhoneOption } from "./simulator.ts";
import { degrees } from "../words.ts";
import { PinIcon, RemovedIcon } from "../app/icons.tsx";

/** What a message says on a simulated phone; questions of the business can be answered by a tap. */
export function PhoneContentView({
  message,
  onChoose,
}: {
  message: PhoneMessage;
  onChoose: ((option: PhoneOption) => void) | null;
}) {
  const { kind, content, text } = message;
  if (kind === "location" && content.latitude !== undefined && content.longitude !== undefined) {
    return (
      <div class="bubble-card">
        <PinIcon />
        <div class="bubble-card-words">
          <p class="bubble-notice-title">{content.name ?? "Location"}</p>
          <p>{content.address ?? degrees({ latitude: content.latitude, longitude: content.longitude })}</p>
        </div>
      </div>
    );
  }
  if (kind === "contacts") {
    return (
      <ul class="bubble-cards" aria-label="Contact cards">
        {(content.contacts ?? []).map((card, index) => (
          <li key={index} class="bubble-card">
            <div class="bubble-card-words">
              <p class="bubble-notice-title">{card.name?.formatted_name ?? "Contact"}</p>
              {(card.phones ?? []).map((phone) => (
                <p key={phone.phone}>{phone.phone}</p>
              ))}
            </div>
          </li>
        ))}
      </ul>
    );
  }
  if (kind === "deleted") {
    return (
      <p class="bubble-removed">
        <RemovedIcon /> You deleted this message
      </p>
    );
  }
  return (
    <>
      <p class="bubble-text" dir="auto">
        {text || chosen(message) || kind}
      </p>
      {options(message).map((option) => (
        <button
          key={option.id}
          type="button"
          class="phone-option"
          disabled={onChoose === null}
          onClick={() => onChoose?.(option)}
        >
          {option.title}
          {option.description && <span class="option-description">{option.description}</span>}
        </button>
      ))}
    </>
  );
}

function options({ direction, content }: PhoneMessage): PhoneOption[] {
  if (direction === "out") return [];
  const { buttons, sections } = content.action ?? {};
  return [...(buttons ?? []).map((button) => button.reply), ...(sections ?? []).flatMap((section) => section.rows)];
}

/** The words of an answer that was tapped. */
function chosen({ content }: PhoneMessage): string | undefined {
  const { button_reply, list_reply } = content as Record<string, PhoneOption | undefined>;
  return (button_reply ?? list_reply)?.title;
}
