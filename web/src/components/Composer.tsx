import { useEffect, useRef, useState } from "preact/hooks";
import { newKey, sendText, type TextAttempt } from "../actions.ts";
import type { Message, Thread } from "../documents.ts";
import { isNarrow } from "../router.ts";
import { now } from "../time.ts";
import { preview, senderName } from "../words.ts";
import { CloseIcon, SendIcon } from "./icons.tsx";
import { TemplatePicker } from "./TemplatePicker.tsx";

/** WhatsApp's limit for a text, in characters. */
const MAX_CHARACTERS = 4096;
const COUNT_FROM = 3900;
const MAX_ROWS = 7;

/** What was begun and not sent, thread by thread. */
const drafts = new Map<string, string>();

interface Props {
  thread: Thread;
  quoted: Message | null;
  onQuoted: (message: Message | null) => void;
}

/** Free text while the session is open, approved templates once it is not. */
export function Composer(props: Props) {
  const { state, expiresAt } = props.thread.session;
  const isOpen = state === "OPEN" && expiresAt !== null && Date.parse(expiresAt) > now.value;
  return isOpen ? <TextComposer {...props} /> : <TemplatePicker thread={props.thread} />;
}

function TextComposer({ thread, quoted, onQuoted }: Props) {
  const [text, setText] = useState(drafts.get(thread.id) ?? "");
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const unanswered = useRef<TextAttempt | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => focusWithoutKeyboard(field.current), []);
  useEffect(() => {
    if (quoted) field.current?.focus();
  }, [quoted]);

  const body = text.trim();
  const length = [...body].length;
  const mayBeSent = body !== "" && length <= MAX_CHARACTERS && !isBusy;

  const write = (value: string) => {
    setText(value);
    setProblems([]);
    drafts.set(thread.id, value);
  };
  const send = async () => {
    if (!mayBeSent) return;
    const attempt = attemptFor(unanswered.current, { threadId: thread.id, body, replyToId: quoted?.id ?? null });
    setBusy(true);
    setProblems([]);
    const { problems: refused, isUnanswered } = await sendText(attempt);
    unanswered.current = isUnanswered ? attempt : null;
    setBusy(false);
    if (refused.length === 0) {
      write("");
      onQuoted(null);
    } else {
      setProblems(refused);
    }
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && quoted) onQuoted(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="composer-problem">
            {problem}
          </p>
        ))}
      </div>
      {quoted && <Quoting message={quoted} onDrop={() => onQuoted(null)} />}
      <div class="composer-row">
        <textarea
          ref={field}
          class="composer-text"
          data-testid="composer"
          aria-label="Reply"
          aria-describedby="composer-hint"
          aria-invalid={length > MAX_CHARACTERS}
          placeholder="Write a reply"
          dir="auto"
          rows={Math.min(MAX_ROWS, text.split("\n").length)}
          value={text}
          readOnly={isBusy}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button class="send" type="submit" data-testid="send" aria-label="Send" disabled={!mayBeSent}>
          <SendIcon />
        </button>
      </div>
      <p class="composer-hint muted" id="composer-hint">
        <span class="composer-keys">Enter sends, Shift + Enter begins a new line</span>
        {length >= COUNT_FROM && <CharacterCount length={length} />}
      </p>
    </form>
  );
}

function CharacterCount({ length }: { length: number }) {
  return (
    <span class={length > MAX_CHARACTERS ? "too-long" : ""} role="status" data-testid="character-count">
      {length.toLocaleString("en")} of {MAX_CHARACTERS.toLocaleString("en")} characters
    </span>
  );
}

function Quoting({ message, onDrop }: { message: Message; onDrop: () => void }) {
  return (
    <div class="quoting">
      <div class="quote">
        <span class="quote-name">{senderName(message.sender)}</span>
        <span class="quote-text" dir="auto">
          {preview(message.content)}
        </span>
      </div>
      <button class="icon-button" type="button" aria-label="Do not quote this message" onClick={onDrop}>
        <CloseIcon />
      </button>
    </div>
  );
}

/** The same words after no answer are the same attempt; anything else is a new one. */
function attemptFor(last: TextAttempt | null, wanted: Omit<TextAttempt, "key">): TextAttempt {
  if (last && last.body === wanted.body && last.replyToId === wanted.replyToId) return last;
  return { ...wanted, key: newKey() };
}

/** Where a finger would bring up a keyboard over the conversation, the field waits to be touched. */
function focusWithoutKeyboard(field: HTMLElement | null): void {
  if (matchMedia("(pointer: fine)").matches && !isNarrow()) field?.focus({ preventScroll: true });
}
