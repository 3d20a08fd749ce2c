import { useEffect, useRef, useState } from "preact/hooks";
import { PersonIcon, PinIcon, PlusIcon, QuestionIcon } from "../app/icons.tsx";

/** What may be sent besides words and files. */
export type Kind = "location" | "contact" | "question";

const KINDS = [
  { kind: "location", words: "A place", Icon: PinIcon },
  { kind: "contact", words: "A contact card", Icon: PersonIcon },
  { kind: "question", words: "A question", Icon: QuestionIcon },
] as const;

/** The button beside the field, and the kinds it offers. */
export function SendMore({ isBusy, onChoose }: { isBusy: boolean; onChoose: (kind: Kind) => void }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const choices = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (isOpen) choices.current?.querySelector("button")?.focus();
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      setOpen(false);
      button.current?.focus();
    } else if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      moveFocus(choices.current, event.key === "ArrowDown" ? 1 : -1);
    }
  };
  return (
    <div
      class="send-more"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button
        ref={button}
        class="icon-button"
        type="button"
        aria-label="Send something else"
        title="Send something else"
        aria-expanded={isOpen}
        disabled={isBusy}
        data-testid="send-more"
        onClick={() => setOpen(!isOpen)}
      >
        <PlusIcon />
      </button>
      {isOpen && (
        <ul ref={choices} class="send-more-choices" aria-label="What to send">
          {KINDS.map(({ kind, words, Icon }) => (
            <li key={kind}>
              <button
                type="button"
                data-testid={`send-more-${kind}`}
                onClick={() => {
                  setOpen(false);
                  onChoose(kind);
                }}
              >
                <Icon /> {words}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function moveFocus(list: HTMLElement | null, by: number): void {
  const buttons = [...(list?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(at + by + buttons.length) % buttons.length]?.focus();
}
