import { Fragment } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../documents.ts";
import { loadOlder, type Conversation } from "../inbox/inbox.ts";
import { dayName, isSameDay, thisMinute } from "../time.ts";
import { DownIcon } from "../app/icons.tsx";
import { MessageBubble } from "./MessageBubble.tsx";

const NEAR_PX = 80;
const REACTED_FOR_MS = 30 * 24 * 60 * 60 * 1000;
const TOGETHER_MS = 5 * 60 * 1000;

export function MessageList({
  conversation,
  onQuote,
  onReact,
}: {
  conversation: Conversation;
  onQuote: ((message: Message) => void) | null;
  onReact: ((message: Message, emoji: string) => void) | null;
}) {
  const { messages, phase, olderBefore, loadingOlder } = conversation;
  const { scroller, hasNewsBelow, onScroll, toNewest } = useScrolling(messages);
  return (
    <div class="messages-frame">
      <div class="messages" ref={scroller} onScroll={onScroll} role="region" aria-label="Messages" tabIndex={0}>
        {phase === "loading" && <p class="empty muted">Loading…</p>}
        {olderBefore !== null && (
          <button class="button load-older" type="button" disabled={loadingOlder} onClick={() => void loadOlder()}>
            {loadingOlder ? "Loading…" : "Show earlier messages"}
          </button>
        )}
        {messages.map((message, at) => (
          <Fragment key={message.id}>
            <DayMark message={message} previous={messages[at - 1]} />
            <MessageBubble
              message={message}
              isContinued={continues(message, messages[at - 1])}
              onQuote={onQuote}
              onReact={takesReactions(message, thisMinute.value) ? onReact : null}
            />
          </Fragment>
        ))}
      </div>
      {hasNewsBelow && (
        <button class="button to-newest" type="button" onClick={toNewest}>
          <DownIcon /> New messages
        </button>
      )}
    </div>
  );
}

function DayMark({ message, previous }: { message: Message; previous: Message | undefined }) {
  if (previous && isSameDay(previous.sentAt, message.sentAt)) return null;
  return (
    <p class="day-mark">
      <span>{dayName(message.sentAt, thisMinute.value)}</span>
    </p>
  );
}

/** The network takes none for what has not left, is gone, or is older than 30 days. */
function takesReactions(message: Message, now: number): boolean {
  const isYoung = now - Date.parse(message.sentAt) < REACTED_FOR_MS;
  return isYoung && message.deletedAt === null && !["QUEUED", "UNKNOWN", "FAILED"].includes(message.status);
}

function continues(message: Message, previous: Message | undefined): boolean {
  return (
    previous !== undefined &&
    previous.direction === message.direction &&
    previous.sender.displayName === message.sender.displayName &&
    isSameDay(previous.sentAt, message.sentAt) &&
    Date.parse(message.sentAt) - Date.parse(previous.sentAt) < TOGETHER_MS
  );
}

/** Stays at the newest while the reader is there, and where the reader is while older ones come in above. */
function useScrolling(messages: readonly Message[]) {
  const scroller = useRef<HTMLDivElement>(null);
  const [hasNewsBelow, setNewsBelow] = useState(false);
  const before = useRef({ isAtEnd: true, height: 0, viewHeight: 0, firstId: "", lastId: "" });
  const firstId = messages[0]?.id ?? "";
  const lastId = messages.at(-1)?.id ?? "";

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const was = before.current;
    const isAnswered = was.lastId !== lastId && messages.at(-1)?.direction === "OUTBOUND";
    if (was.isAtEnd || isAnswered) {
      box.scrollTop = box.scrollHeight;
    } else if (was.firstId !== firstId) {
      box.scrollTop += box.scrollHeight - was.height;
    } else if (was.lastId !== lastId) {
      setNewsBelow(true);
    }
    before.current = { ...was, isAtEnd: isAtEnd(box), height: box.scrollHeight, firstId, lastId };
  }, [messages]);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return undefined;
    // The composer grows, a phone turns, a keyboard opens: whoever was at the newest stays there.
    const watcher = new ResizeObserver(() => {
      if (before.current.isAtEnd) box.scrollTop = box.scrollHeight;
      before.current.viewHeight = box.clientHeight;
    });
    watcher.observe(box);
    return () => watcher.disconnect();
  }, []);

  const onScroll = () => {
    const box = scroller.current;
    // A change of size may scroll, too: that is not somebody reading further up.
    if (!box || box.clientHeight !== before.current.viewHeight) return;
    before.current.isAtEnd = isAtEnd(box);
    if (before.current.isAtEnd) setNewsBelow(false);
    if (box.scrollTop < NEAR_PX && !before.current.isAtEnd) void loadOlder();
  };
  const toNewest = () => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    box.focus();
  };
  return { scroller, hasNewsBelow, onScroll, toNewest };
}

function isAtEnd(box: HTMLElement): boolean {
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
}
