import { useEffect, useRef, useState } from "preact/hooks";
import { contentAttemptFor, sendContent, sendFiles, sendText } from "./send.ts";
import { newKey } from "../outcome.ts";
import type { ContentAttempt, FilesAttempt, TextAttempt } from "./send.ts";
import type { LibraryItem, Message, Thread } from "../documents.ts";
import { isNarrow } from "../app/router.ts";
import { now } from "../time.ts";
import { size } from "../conversation/media.ts";
import { AttachmentIcon, CloseIcon, MicrophoneIcon, SendIcon } from "../app/icons.tsx";
import { LibraryPicker } from "./LibraryPicker.tsx";
import { SendForm } from "./SendForm.tsx";
import { SendMore, type Kind } from "./SendMore.tsx";
import { TemplatePicker } from "./TemplatePicker.tsx";
import { mayRecord, VoiceNote } from "../conversation/VoiceNote.tsx";

/** WhatsApp's limit for a text, in characters. */
const MAX_CHARACTERS = 4096;
/** And for the words under a file. */
const MAX_CAPTION = 1024;
/** From how many characters before the limit they are counted aloud. */
const COUNT_BEFORE = 196;
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
  return isOpen ? <OpenComposer {...props} /> : <TemplatePicker thread={props.thread} />;
}

/** The field, or in its place what another kind needs. */
function OpenComposer(props: Props) {
  const [instead, setInstead] = useState<Kind | "voice" | null>(null);
  const { quoted, onQuoted } = props;
  if (instead === null) return <TextComposer {...props} onInstead={setInstead} />;
  const onDone = (wasSent: boolean) => {
    setInstead(null);
    if (wasSent) onQuoted(null);
  };
  return (
    <section class="composer" aria-label="Reply">
      {quoted && <Quoting message={quoted} onDrop={() => onQuoted(null)} />}
      {instead === "voice" ? (
        <VoiceNote {...props} onDone={onDone} />
      ) : (
        <SendForm {...props} kind={instead} onDone={onDone} />
      )}
    </section>
  );
}

function TextComposer({ thread, quoted, onQuoted, onInstead }: Props & { onInstead: (kind: Kind | "voice") => void }) {
  const [text, setText] = useState(drafts.get(thread.id) ?? "");
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [files, setFiles] = useState<readonly File[]>([]);
  const unanswered = useRef<TextAttempt | null>(null);
  const unansweredFiles = useRef<FilesAttempt | null>(null);
  const unansweredItem = useRef<ContentAttempt | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => focusWithoutKeyboard(field.current), []);
  useEffect(() => {
    if (quoted) field.current?.focus();
  }, [quoted]);

  const body = text.trim();
  const length = [...body].length;
  const most = files.length > 0 ? MAX_CAPTION : MAX_CHARACTERS;
  const mayBeSent = (body !== "" || files.length > 0) && length <= most && !isBusy;

  const write = (value: string) => {
    setText(value);
    setProblems([]);
    drafts.set(thread.id, value);
  };
  const sendWords = async () => {
    const attempt = attemptFor(unanswered.current, { threadId: thread.id, body, replyToId: quoted?.id ?? null });
    const { problems: refused, isUnanswered } = await sendText(attempt);
    unanswered.current = isUnanswered ? attempt : null;
    return refused;
  };
  const sendWithFiles = async () => {
    const wanted = { threadId: thread.id, files, caption: body, replyToId: quoted?.id ?? null };
    const attempt = filesAttemptFor(unansweredFiles.current, wanted);
    const { problems: refused, isUnanswered } = await sendFiles(attempt);
    unansweredFiles.current = isUnanswered ? attempt : null;
    return refused;
  };
  const attach = (chosen: Iterable<File> | null) => {
    setProblems([]);
    setFiles([...files, ...(chosen ?? [])]);
    if (picker.current) picker.current.value = "";
  };
  const send = async () => {
    if (!mayBeSent) return;
    setBusy(true);
    setProblems([]);
    const refused = files.length > 0 ? await sendWithFiles() : await sendWords();
    setBusy(false);
    if (refused.length === 0) {
      write("");
      setFiles([]);
      onQuoted(null);
    } else {
      setProblems(refused);
    }
    field.current?.focus();
  };
  /** A snippet is words to go on with; everything else goes as it is. */
  const take = async (item: LibraryItem) => {
    if (item.kind === "SNIPPET") {
      write(text.trim() === "" ? (item.body ?? "") : `${text}\n${item.body ?? ""}`);
    } else {
      const wanted = { threadId: thread.id, content: { libraryItemId: item.id }, replyToId: quoted?.id ?? null };
      const attempt = contentAttemptFor(unansweredItem.current, wanted);
      setBusy(true);
      setProblems([]);
      const { problems: refused, isUnanswered } = await sendContent(attempt);
      unansweredItem.current = isUnanswered ? attempt : null;
      setBusy(false);
      setProblems(refused);
      if (refused.length === 0) onQuoted(null);
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
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        attach(event.dataTransfer?.files ?? null);
      }}
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
      {files.length > 0 && <Attached files={files} onDrop={(at) => setFiles(files.filter((_, each) => each !== at))} />}
      <div class="composer-row">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-testid="attach-files"
          onChange={(event) => attach(event.currentTarget.files)}
        />
        <button
          class="icon-button attach"
          type="button"
          aria-label="Attach files"
          title="Attach files"
          disabled={isBusy}
          onClick={() => picker.current?.click()}
        >
          <AttachmentIcon />
        </button>
        <SendMore isBusy={isBusy} onChoose={onInstead} />
        <LibraryPicker isBusy={isBusy} onChoose={(item) => void take(item)} />
        <textarea
          ref={field}
          class="composer-text"
          data-testid="composer"
          aria-label="Reply"
          aria-describedby="composer-hint"
          aria-invalid={length > most}
          placeholder={files.length > 0 ? "Words under the first file" : "Write a reply"}
          dir="auto"
          rows={Math.min(MAX_ROWS, text.split("\n").length)}
          value={text}
          readOnly={isBusy}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {mayRecord() && (
          <button
            class="icon-button"
            type="button"
            aria-label="Record a voice message"
            title="Record a voice message"
            disabled={isBusy}
            data-testid="record-voice"
            onClick={() => onInstead("voice")}
          >
            <MicrophoneIcon />
          </button>
        )}
        <button class="send" type="submit" data-testid="send" aria-label="Send" disabled={!mayBeSent}>
          <SendIcon />
        </button>
      </div>
      <p class="composer-hint muted" id="composer-hint">
        <span class="composer-keys">Enter sends, Shift + Enter begins a new line</span>
        {length >= most - COUNT_BEFORE && <CharacterCount length={length} most={most} />}
      </p>
    </form>
  );
}

function Attached({ files, onDrop }: { files: readonly File[]; onDrop: (at: number) => void }) {
  return (
    <ul class="attached" aria-label="Files to be sent">
      {files.map((file, at) => (
        <li key={`${at} ${file.name}`} data-testid="attached-file">
          <AttachmentIcon />
          <span dir="auto">{file.name}</span>
          <span class="muted">{size(file.size)}</span>
          <button class="icon-button" type="button" aria-label={`Do not send ${file.name}`} onClick={() => onDrop(at)}>
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}

function CharacterCount({ length, most }: { length: number; most: number }) {
  return (
    <span class={length > most ? "too-long" : ""} role="status" data-testid="character-count">
      {length.toLocaleString("en")} of {most.toLocaleString("en")} characters
    </span>
  );
}

function Quoting({ message, onDrop }: { message: Message; onDrop: () => void }) {
  return (
    <div class="quoting">
      <div class="quote">
        <span class="quote-name">{message.sender.displayName}</span>
        <span class="quote-text" dir="auto">
          {message.preview}
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

function filesAttemptFor(last: FilesAttempt | null, wanted: Omit<FilesAttempt, "key" | "uploaded">): FilesAttempt {
  const isSame = last?.files === wanted.files && last.caption === wanted.caption && last.replyToId === wanted.replyToId;
  if (last && isSame) return last;
  return { ...wanted, key: newKey(), uploaded: new Map() };
}

/** Where a finger would bring up a keyboard over the conversation, the field waits to be touched. */
function focusWithoutKeyboard(field: HTMLElement | null): void {
  if (matchMedia("(pointer: fine)").matches && !isNarrow()) field?.focus({ preventScroll: true });
}
