import { useEffect, useRef, useState } from "preact/hooks";
import { type Demo, type Phone, type PhoneMessage, write, writeFile } from "./simulator.ts";
import { AttachmentIcon, CloseIcon, SendIcon } from "../app/icons.tsx";

export function PhoneComposer({
  running,
  phone,
  quoted,
  onQuoted,
}: {
  running: Demo;
  phone: Phone;
  quoted: PhoneMessage | null;
  onQuoted: (message: PhoneMessage | null) => void;
}) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const attach = async (file: File | undefined) => {
    if (picker.current) picker.current.value = "";
    if (file === undefined) return;
    setProblem("");
    if (await writeFile(running, phone.id, file, text.trim())) return setText("");
    setProblem("Not delivered. Try again.");
  };
  useEffect(() => {
    if (quoted) field.current?.focus();
  }, [quoted]);

  const send = async (event: Event) => {
    event.preventDefault();
    const body = text.trim();
    if (body === "") return;
    setText("");
    setProblem("");
    if (await write(running, phone.id, body, quoted?.id ?? null)) return onQuoted(null);
    setText(body);
    setProblem("Not delivered. Try again.");
  };

  return (
    <form class="phone-composer" onSubmit={(event) => void send(event)}>
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      {quoted && (
        <div class="quoting">
          <div class="quote">
            <span class="quote-text">{quoted.text}</span>
          </div>
          <button
            class="icon-button"
            type="button"
            aria-label="Do not quote this message"
            onClick={() => onQuoted(null)}
          >
            <CloseIcon />
          </button>
        </div>
      )}
      <div class="composer-row">
        <input
          ref={picker}
          type="file"
          hidden
          data-testid={`phone-attach-${phone.id}`}
          onChange={(event) => void attach(event.currentTarget.files?.[0])}
        />
        <button
          class="icon-button"
          type="button"
          aria-label={`Send a file from ${phone.name}'s phone`}
          onClick={() => picker.current?.click()}
        >
          <AttachmentIcon />
        </button>
        <input
          ref={field}
          type="text"
          class="composer-text"
          data-testid={`phone-input-${phone.id}`}
          aria-label={`Message from ${phone.name}`}
          placeholder="Message"
          autocomplete="off"
          dir="auto"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          class="send"
          type="submit"
          data-testid={`phone-send-${phone.id}`}
          aria-label={`Send from ${phone.name}'s phone`}
          disabled={text.trim() === ""}
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
}
