import { useEffect, useRef } from "preact/hooks";
import type { Thread } from "../documents.ts";
import {
  filter,
  hasMore,
  isAdministrator,
  listed,
  listPhase,
  listProblem,
  loadingMore,
  loadMore,
  mayWrite,
  showThreads,
  viewer,
  type Filter,
} from "./inbox.ts";
import { hasNoNumber } from "../numbers/channels.ts";
import { isNarrow, pane, selectedThreadId, threadAddress } from "../app/router.ts";
import { hasPhones } from "../simulator/simulator.ts";
import { shortTime, thisMinute } from "../time.ts";
import { previewPrefix, sourceWord, statusWord, ticketStatusWord } from "../words.ts";
import { Avatar } from "../app/Avatar.tsx";
import { NewConversation } from "./NewConversation.tsx";
import { CallSourceIcon, ChatSourceIcon, EmailSourceIcon } from "../app/icons.tsx";
import { Ticks } from "../conversation/Ticks.tsx";

const FILTERS: { value: Filter; label: string }[] = [
  { value: "OPEN", label: "Open" },
  { value: "CLOSED", label: "Closed" },
  { value: "ALL", label: "All" },
];

const EXPIRING_MS = 60 * 60 * 1000;

export function ThreadList() {
  const threads = listed.value;
  useReturnOfFocus();
  return (
    <nav class="thread-list" aria-label="Conversations">
      <div class="thread-list-head">
        <h2>Inbox</h2>
        <FilterSwitch />
        {mayWrite.value && <NewConversation />}
      </div>
      <div class="thread-list-scroll">
        <ul data-testid="thread-list" onKeyDown={moveAmongThreads}>
          {threads.map((thread) => (
            <ThreadItem key={thread.id} thread={thread} />
          ))}
        </ul>
        {threads.length === 0 && <NoThreads />}
        {hasMore.value && (
          <button
            class="button button-quiet load-more"
            type="button"
            disabled={loadingMore.value}
            onClick={() => void loadMore()}
          >
            {loadingMore.value ? "Loading…" : "Show more conversations"}
          </button>
        )}
      </div>
    </nav>
  );
}

function FilterSwitch() {
  return (
    <fieldset class="filter">
      <legend class="visually-hidden">Which conversations</legend>
      {FILTERS.map(({ value, label }) => (
        <label key={value}>
          <input
            type="radio"
            name="filter"
            value={value}
            checked={filter.value === value}
            onChange={() => void showThreads(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function NoThreads() {
  if (listPhase.value === "loading") return <p class="empty muted">Loading…</p>;
  if (listPhase.value === "failed") {
    return (
      <p class="empty" role="alert">
        {listProblem.value} Trying again…
      </p>
    );
  }
  if (hasNoNumber.value) return <NoNumber />;
  if (filter.value === "CLOSED") return <p class="empty muted">Nothing is closed yet.</p>;
  return (
    <div class="empty muted">
      <p>No open conversations.</p>
      <p>
        {hasPhones.value ? "Write something on one of the phones." : "When somebody writes, it appears here at once."}
      </p>
    </div>
  );
}

/** Before a number is connected nobody can write, whatever is chosen. */
function NoNumber() {
  return (
    <div class="empty muted" data-testid="no-number">
      <p>No number is connected, so nobody can write.</p>
      {isAdministrator.value ? (
        <a class="button button-primary" href="#/connect">
          Connect a number
        </a>
      ) : (
        <p>An administrator can connect one.</p>
      )}
    </div>
  );
}

function ThreadItem({ thread }: { thread: Thread }) {
  const name = thread.contact.displayName;
  const isSelected = selectedThreadId.value === thread.id;
  const isUnread = thread.unreadCount > 0;
  return (
    <li>
      <a
        class={`thread-item${isUnread ? " is-unread" : ""}`}
        href={threadAddress(thread.id)}
        aria-current={isSelected ? "true" : undefined}
        data-testid="thread-item"
        data-contact={name}
      >
        <span class="thread-item-face">
          <Avatar name={name} seed={thread.contact.id} />
          <SourceMark source={thread.lastSource} />
        </span>
        <span class="thread-item-body">
          <span class="thread-item-line">
            <span class="thread-item-name" dir="auto">
              {name}
            </span>
            <time class="thread-item-time" dateTime={thread.lastActivityAt}>
              {shortTime(thread.lastActivityAt, thisMinute.value)}
            </time>
          </span>
          <span class="thread-item-line">
            <LastMessage thread={thread} />
            {isUnread && (
              <span class="badge" data-testid="unread-count">
                {thread.unreadCount > 99 ? "99+" : thread.unreadCount}
                <span class="visually-hidden"> unread</span>
              </span>
            )}
          </span>
          <ThreadState thread={thread} />
        </span>
      </a>
    </li>
  );
}

function LastMessage({ thread }: { thread: Thread }) {
  const message = thread.lastMessage;
  if (!message) return <span class="thread-item-preview">No messages yet</span>;
  return (
    <span class="thread-item-preview">
      {message.direction === "OUTBOUND" && <Ticks status={message.status} title={statusWord(message.status)} />}
      <span dir="auto">
        {previewPrefix(message, viewer.value?.user?.id)}
        {message.preview}
      </span>
    </span>
  );
}

function ThreadState({ thread }: { thread: Thread }) {
  const { ticket } = thread;
  const owner = ticket ? ticket.owner : thread.owner;
  const status = ticket?.status ?? thread.status;
  return (
    <span class="thread-item-line thread-item-state">
      <SessionDot thread={thread} />
      <span class={`chip chip-${status.toLowerCase()}`}>
        {ticket ? ticketStatusWord(status) : status === "OPEN" ? "Open" : "Closed"}
      </span>
      <span class="thread-item-owner" title={owner ? `Owner: ${owner.displayName}` : "No owner"}>
        {owner && <Avatar name={owner.displayName} seed={owner.id} />}
        <span>{owner ? owner.displayName : "No owner"}</span>
      </span>
    </span>
  );
}

function SessionDot({ thread }: { thread: Thread }) {
  const { state, expiresAt } = thread.session;
  const leftMs = expiresAt === null ? 0 : Date.parse(expiresAt) - thisMinute.value;
  const isOpen = state === "OPEN" && leftMs > 0;
  const look = !isOpen ? "closed" : leftMs < EXPIRING_MS ? "expiring" : "open";
  const words = { open: "Session open", expiring: "Session ends within the hour", closed: "Session closed" }[look];
  return (
    <span class={`session-dot session-dot-${look}`} title={words}>
      <span class="visually-hidden">{words}</span>
    </span>
  );
}

function SourceMark({ source }: { source: Thread["lastSource"] }) {
  const word = sourceWord(source);
  return (
    <span class={`source-mark source-${source.toLowerCase()}`} title={word}>
      {source === "EMAIL" ? <EmailSourceIcon /> : source === "CALL" ? <CallSourceIcon /> : <ChatSourceIcon />}
      <span class="visually-hidden">{word}</span>
    </span>
  );
}

/** On narrow screens going back to the list goes back to the conversation one came from. */
function useReturnOfFocus(): void {
  const cameFrom = useRef<string | null>(null);
  const shown = pane.value;
  useEffect(() => {
    if (shown === "thread") cameFrom.current = selectedThreadId.value;
    if (shown !== "list" || cameFrom.current === null || !isNarrow()) return;
    document.querySelector<HTMLElement>(`.thread-item[href="${threadAddress(cameFrom.current)}"]`)?.focus();
  }, [shown]);
}

/** Up and down go through the list, beside Tab. */
function moveAmongThreads(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-testid=thread-item]")];
  const at = items.findIndex((item) => item === document.activeElement);
  const next = items[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
