import { useState } from "preact/hooks";
import { release, sendAgain, settle, takeBack, versionsOf } from "./messages.ts";
import { newKey } from "../outcome.ts";
import type { Message, Version } from "../documents.ts";
import { conversation, mayWrite, viewer } from "../inbox/inbox.ts";
import { fullTime, timeOfDay } from "../time.ts";
import { statusWord } from "../words.ts";
import { ContentView } from "./ContentView.tsx";
import { ReplyIcon, SmileIcon, TemplateIcon } from "../app/icons.tsx";
import { Ticks } from "./Ticks.tsx";

const EMOJI = ["👍", "❤️", "😂", "😮", "🙏", "✅"];

export function MessageBubble({
  message,
  isContinued,
  onQuote,
  onReact,
}: {
  message: Message;
  isContinued: boolean;
  onQuote: ((message: Message) => void) | null;
  onReact: ((message: Message, emoji: string) => void) | null;
}) {
  if (message.content.__typename === "SystemNotice") return <Notice message={message} text={message.content.text} />;
  const isOurs = message.direction !== "INBOUND";
  const name = message.sender.displayName;
  return (
    <article
      id={`message-${message.id}`}
      class={`message ${isOurs ? "message-ours" : "message-theirs"}${isContinued ? " is-continued" : ""}`}
      data-testid="message"
      data-direction={message.direction}
      data-status={message.status}
      aria-label={`${name}, ${timeOfDay(message.sentAt)}`}
    >
      <div class="bubble">
        {isOurs && !isContinued && <p class="bubble-sender">{name}</p>}
        {message.forwarded && <p class="bubble-forwarded">Forwarded</p>}
        {message.replyTo && <Quote quoted={message.replyTo} />}
        <ContentView content={message.content} />
        {seesBehind() && <Earlier message={message} />}
        {seesBehind() && <Release message={message} />}
        <p class="bubble-foot">
          {message.content.__typename === "TemplateContent" && (
            <span class="bubble-tag">
              <TemplateIcon /> Template
            </span>
          )}
          {message.editedAt !== null && message.deletedAt === null && (
            <span title={fullTime(message.editedAt)}>Edited</span>
          )}
          <time dateTime={message.sentAt} title={fullTime(message.sentAt)}>
            {timeOfDay(message.sentAt)}
          </time>
          {message.direction === "OUTBOUND" && <Ticks status={message.status} title={ticksTitle(message)} />}
        </p>
      </div>
      {(onQuote || onReact) && (
        <span class="message-action">
          {onReact && <ReactButton message={message} onReact={(emoji) => onReact(message, emoji)} />}
          {onQuote && (
            <button
              class="icon-button"
              type="button"
              aria-label={`Reply to: ${message.preview.slice(0, 80)}`}
              title="Reply to this message"
              onClick={() => onQuote(message)}
            >
              <ReplyIcon />
            </button>
          )}
        </span>
      )}
      <Reactions message={message} />
      <Trouble message={message} />
    </article>
  );
}

function Notice({ message, text }: { message: Message; text: string }) {
  return (
    <p class="system-notice" data-testid="message" data-direction={message.direction} data-status={message.status}>
      <span>{text}</span>
    </p>
  );
}

/** What stood here before, for those who may look; asked for when it is opened. */
function Earlier({ message }: { message: Message }) {
  const [versions, setVersions] = useState<Version[] | null>(null);
  const isHidden = message.content.__typename === "QuarantinedContent";
  if (message.editedAt === null && message.deletedAt === null && !isHidden) return null;
  const open = (event: Event & { currentTarget: HTMLDetailsElement }) => {
    if (!event.currentTarget.open) return setVersions(null);
    void versionsOf(message.id).then(setVersions, () => setVersions([]));
  };
  return (
    <details class="earlier" onToggle={open}>
      <summary>{isHidden ? "What it says" : "Earlier versions"}</summary>
      {versions?.map((version) => (
        <div key={version.until} class="earlier-version">
          <ContentView content={version.content} />
          <p class="muted">until {fullTime(version.until)}</p>
        </div>
      ))}
    </details>
  );
}

function Release({ message }: { message: Message }) {
  const [problems, setProblems] = useState<string[]>([]);
  if (message.content.__typename !== "QuarantinedContent") return null;
  return (
    <div class="release">
      <button class="button" type="button" onClick={() => void release(message).then(setProblems)}>
        Show to everybody
      </button>
      <div role="alert">
        {problems.map((problem) => (
          <p key={problem}>{problem}</p>
        ))}
      </div>
    </div>
  );
}

/** Supervisors and administrators see what others do not: what stood there before, and what is hidden. */
function seesBehind(): boolean {
  return viewer.value?.role === "ADMIN" || viewer.value?.role === "SUPERVISOR";
}

function ReactButton({ message, onReact }: { message: Message; onReact: (emoji: string) => void }) {
  const [isChoosing, setChoosing] = useState(false);
  const ours = message.reactions.find((reaction) => reaction.by.__typename !== "Contact")?.emoji;
  const give = (emoji: string) => {
    setChoosing(false);
    onReact(emoji === ours ? "" : emoji);
  };
  return (
    <span class="message-react">
      <button
        class="icon-button"
        type="button"
        aria-label={`React to: ${message.preview.slice(0, 80)}`}
        aria-expanded={isChoosing}
        title="React to this message"
        onClick={() => setChoosing(!isChoosing)}
      >
        <SmileIcon />
      </button>
      {isChoosing && (
        <span class="emoji-choice" role="group" aria-label="React">
          {EMOJI.map((emoji) => (
            <button
              key={emoji}
              type="button"
              aria-pressed={emoji === ours}
              aria-label={`React with ${emoji}`}
              onClick={() => give(emoji)}
            >
              {emoji}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}

function Quote({ quoted }: { quoted: NonNullable<Message["replyTo"]> }) {
  return (
    <button class="quote" type="button" onClick={() => show(quoted.id)}>
      <span class="quote-name">{quoted.sender.displayName}</span>
      <span class="quote-text" dir="auto">
        {quoted.preview}
      </span>
    </button>
  );
}

function Reactions({ message }: { message: Message }) {
  if (message.reactions.length === 0) return null;
  const emojis = [...new Set(message.reactions.map((reaction) => reaction.emoji))];
  return (
    <ul class="reactions" aria-label="Reactions">
      {emojis.map((emoji) => {
        const names = message.reactions.filter((given) => given.emoji === emoji).map((given) => given.by.displayName);
        return (
          <li key={emoji} title={names.join(", ")} data-testid="reaction">
            <span>{emoji}</span>
            {names.length > 1 && <span class="reaction-count">{names.length}</span>}
            <span class="visually-hidden"> from {names.join(", ")}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Why it is not there yet, and what a person can do about it. */
function Trouble({ message }: { message: Message }) {
  if (message.direction !== "OUTBOUND") return null;
  switch (message.status) {
    case "FAILED":
      return (
        <div class="trouble trouble-failed">
          <strong>{message.failure ? `Not sent: ${message.failure.title}.` : "Not sent."}</strong> {message.failure?.hint}
          {message.failure?.retryable && <Acts message={message} acts={[["Send again", retried]]} />}
        </div>
      );
    case "UNKNOWN":
      return (
        <div class="trouble">
          <strong>Not confirmed yet.</strong>{" "}
          {message.failure?.hint ?? "WhatsApp has not said whether it took this message."}
          <Acts
            message={message}
            acts={[
              ["It was sent", (threadId) => settle(threadId, message.id, true)],
              ["It was not sent", (threadId) => settle(threadId, message.id, false)],
            ]}
          />
        </div>
      );
    case "QUEUED":
      return message.heldUntil === null ? null : (
        <div class="trouble">
          <strong>Waiting to leave</strong> until <time dateTime={message.heldUntil}>{fullTime(message.heldUntil)}</time>.
          <Acts message={message} acts={[["Take back", (threadId) => takeBack(threadId, message.id)]]} />
        </div>
      );
    default:
      return null;
  }
}

type Act = readonly [label: string, run: (threadId: string, message: Message, key: string) => Promise<string[]>];

function retried(threadId: string, message: Message, key: string): Promise<string[]> {
  return sendAgain(threadId, message.id, key);
}

function Acts({ message, acts }: { message: Message; acts: readonly Act[] }) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [key, setKey] = useState(newKey);
  const threadId = conversation.value?.threadId;
  if (!mayWrite.value || threadId === undefined) return null;
  const act = (run: Act[1]) => {
    setBusy(true);
    void run(threadId, message, key)
      .then((told) => {
        setProblems(told);
        if (told.length === 0) setKey(newKey()); // done: the next press is another attempt
      })
      .finally(() => setBusy(false));
  };
  return (
    <span class="trouble-acts">
      {acts.map(([label, run]) => (
        <button
          key={label}
          class="button"
          type="button"
          disabled={isBusy}
          aria-label={`${label}: ${message.preview.slice(0, 80)}`}
          onClick={() => act(run)}
        >
          {label}
        </button>
      ))}
      {problems.length > 0 && <span role="alert">{problems.join(" ")}</span>}
    </span>
  );
}

function ticksTitle(message: Message): string {
  const word = statusWord(message.status);
  if (message.readAt !== null) return `${word}, ${fullTime(message.readAt)}`;
  if (message.deliveredAt !== null) return `${word}, ${fullTime(message.deliveredAt)}`;
  return word;
}

function show(messageId: string): void {
  const isLoaded = conversation.value?.messages.some((message) => message.id === messageId);
  if (!isLoaded) return;
  const shown = document.getElementById(`message-${messageId}`);
  shown?.scrollIntoView({ block: "center" });
  shown?.classList.add("is-pointed-at");
  setTimeout(() => shown?.classList.remove("is-pointed-at"), 1600);
}
