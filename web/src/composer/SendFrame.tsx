import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type ContentAttempt, type ContentInput, contentAttemptFor, sendContent } from "./send.ts";
import type { Message, Thread } from "../documents.ts";
import { CloseIcon } from "../app/icons.tsx";

export interface FormProps {
  thread: Thread;
  quoted: Message | null;
  /** It was sent, or is not to be. */
  onDone: (wasSent: boolean) => void;
}

/** A heading, the fields, what was refused, and the button that sends. Escape leaves it. */
export function Frame({
  title,
  thread,
  quoted,
  content,
  onDone,
  children,
}: FormProps & { title: string; content: () => ContentInput; children: ComponentChildren }) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const unanswered = useRef<ContentAttempt | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea")?.focus(), []);

  const send = async () => {
    const wanted = { threadId: thread.id, content: content(), replyToId: quoted?.id ?? null };
    const attempt = contentAttemptFor(unanswered.current, wanted);
    setBusy(true);
    setProblems([]);
    const { problems: refused, isUnanswered } = await sendContent(attempt);
    unanswered.current = isUnanswered ? attempt : null;
    setBusy(false);
    setProblems(refused);
    if (refused.length === 0) onDone(true);
  };
  return (
    <form
      ref={form}
      class="send-form"
      aria-label={title}
      data-testid="send-form"
      onKeyDown={(event) => {
        if (event.key === "Escape") onDone(false);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="send-form-head">
        <strong>{title}</strong>
        <button class="icon-button" type="button" aria-label="Do not send this" onClick={() => onDone(false)}>
          <CloseIcon />
        </button>
      </div>
      <div class="send-form-fields">{children}</div>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="composer-problem">
            {problem}
          </p>
        ))}
      </div>
      <div class="send-form-foot">
        <button class="button button-primary" type="submit" data-testid="send-form-send" disabled={isBusy}>
          {isBusy ? "Sending…" : "Send"}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  onPaste?: (event: ClipboardEvent) => void;
  optional?: boolean;
  required?: boolean;
  type?: "text" | "number" | "tel" | "email";
  min?: number;
  max?: number;
  step?: "any";
  maxLength?: number;
}

export function Field({ label, onValue, optional = false, type = "text", ...given }: FieldProps) {
  return (
    <label class="field">
      <span>
        {label}
        {optional && <span class="muted"> (optional)</span>}
      </span>
      {/* To Preact's types an input is one of its kinds, and never one of several. */}
      <input dir="auto" type={type as "text"} {...given} onInput={(event) => onValue(event.currentTarget.value)} />
    </label>
  );
}

/** A field of an input where there is anything to say. */
export function told<N extends string>(name: N, value: string): Partial<Record<N, string>> {
  return value.trim() === "" ? {} : ({ [name]: value.trim() } as Record<N, string>);
}
