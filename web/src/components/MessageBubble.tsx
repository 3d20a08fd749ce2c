import type { Content, Message } from "../documents.ts";
import { conversation } from "../inbox.ts";
import { fullTime, timeOfDay } from "../time.ts";
import { kindWord, preview, senderName, statusWord } from "../words.ts";
import { NoticeIcon, ReplyIcon, TemplateIcon } from "./icons.tsx";
import { MediaView } from "./MediaView.tsx";
import { Ticks } from "./Ticks.tsx";

export function MessageBubble({
  message,
  isContinued,
  onQuote,
}: {
  message: Message;
  isContinued: boolean;
  onQuote: ((message: Message) => void) | null;
}) {
  if (message.content.__typename === "SystemNotice") return <Notice message={message} text={message.content.text} />;
  const isOurs = message.direction !== "INBOUND";
  const name = senderName(message.sender);
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
        {message.replyTo && <Quote quoted={message.replyTo} />}
        <ContentView content={message.content} />
        <p class="bubble-foot">
          {message.content.__typename === "TemplateContent" && (
            <span class="bubble-tag">
              <TemplateIcon /> Template
            </span>
          )}
          <time dateTime={message.sentAt} title={fullTime(message.sentAt)}>
            {timeOfDay(message.sentAt)}
          </time>
          {message.direction === "OUTBOUND" && <Ticks status={message.status} title={ticksTitle(message)} />}
        </p>
      </div>
      {onQuote && (
        <button
          class="icon-button message-action"
          type="button"
          aria-label={`Reply to: ${preview(message.content).slice(0, 80)}`}
          title="Reply to this message"
          onClick={() => onQuote(message)}
        >
          <ReplyIcon />
        </button>
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

function ContentView({ content }: { content: Content }) {
  switch (content.__typename) {
    case "TextContent":
      // The server renders the marks and lets nothing else through; the page's CSP stands behind it.
      return (
        <div
          class="bubble-text"
          dir="auto"
          onClick={openLinkApart}
          dangerouslySetInnerHTML={{ __html: content.html }}
        />
      );
    case "MediaContent":
      return <MediaView content={content} />;
    case "TemplateContent":
      return (
        <div class="bubble-template">
          {content.renderedHeader && (
            <p class="template-header" dir="auto">
              {content.renderedHeader}
            </p>
          )}
          <p class="bubble-text" dir="auto">
            {content.renderedBody}
          </p>
          {content.renderedFooter && (
            <p class="template-footer" dir="auto">
              {content.renderedFooter}
            </p>
          )}
          {content.buttons.length > 0 && (
            <ul class="template-buttons" aria-label="Buttons">
              {content.buttons.map((label) => (
                <li key={label}>{label}</li>
              ))}
            </ul>
          )}
        </div>
      );
    case "UnsupportedContent":
      return (
        <div class="bubble-notice">
          <NoticeIcon />
          <div>
            <p class="bubble-notice-title">Can't be shown here: {kindWord(content.kind)}</p>
            <p>{content.reason}</p>
          </div>
        </div>
      );
    default:
      return (
        <div class="bubble-notice">
          <NoticeIcon />
          <p>A message of a kind that this page can't show yet.</p>
        </div>
      );
  }
}

function Quote({ quoted }: { quoted: NonNullable<Message["replyTo"]> }) {
  return (
    <button class="quote" type="button" onClick={() => show(quoted.id)}>
      <span class="quote-name">{senderName(quoted.sender)}</span>
      <span class="quote-text" dir="auto">
        {preview(quoted.content)}
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
        const names = message.reactions.filter((given) => given.emoji === emoji).map((given) => senderName(given.by));
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

function Trouble({ message }: { message: Message }) {
  if (message.direction !== "OUTBOUND") return null;
  if (message.status === "FAILED") {
    return (
      <p class="trouble trouble-failed">
        <strong>{message.failure ? `Not sent: ${message.failure.title}.` : "Not sent."}</strong> {message.failure?.hint}
      </p>
    );
  }
  if (message.status === "UNKNOWN") {
    return (
      <p class="trouble">
        <strong>Not confirmed yet.</strong>{" "}
        {message.failure?.hint ?? "WhatsApp has not said whether it took this message."}
      </p>
    );
  }
  return null;
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

/** A link in a message must not take the inbox away, nor learn where it was clicked. */
function openLinkApart(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!link) return;
  event.preventDefault();
  const address = link.getAttribute("href") ?? "";
  if (/^(https?:|mailto:|tel:)/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}
