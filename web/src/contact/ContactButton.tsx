import { useRef, useState } from "preact/hooks";
import type { Thread } from "../documents.ts";
import { Lazily } from "../app/Lazily.tsx";
import { PersonIcon } from "../app/icons.tsx";

/** Opens what is known of the person; loaded when somebody asks. */
export function ContactButton({ thread }: { thread: Thread }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        class="icon-button"
        type="button"
        aria-label={`About ${thread.contact.displayName}`}
        title="About this person"
        data-testid="about-contact"
        onClick={() => setOpen(true)}
      >
        <PersonIcon />
      </button>
      {isOpen && (
        <Lazily screen={() => import("./ContactDialog.tsx")} given={{ thread, onClose: close }} waiting={unlessItFailed} />
      )}
    </>
  );
}

function unlessItFailed(hasFailed: boolean) {
  return hasFailed && <p class="problem">This could not be loaded. Load the page again.</p>;
}
