import { useState } from "preact/hooks";
import { assign, close, reopen } from "./threads.ts";
import type { Thread } from "../documents.ts";
import { mayWrite, users } from "../inbox/inbox.ts";
import { countdown, fullTime, now } from "../time.ts";
import { ticketStatusWord } from "../words.ts";
import { Avatar } from "../app/Avatar.tsx";
import { ContactButton } from "../contact/ContactButton.tsx";
import { BackIcon, ClockIcon } from "../app/icons.tsx";

const NOBODY = "";
const EXPIRING_MS = 60 * 60 * 1000;

export function ConversationHeader({ thread }: { thread: Thread }) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const change = async (work: () => Promise<string[]>) => {
    setBusy(true);
    setProblems(await work());
    setBusy(false);
  };
  return (
    <header class="conversation-head">
      <div class="conversation-who">
        <a class="icon-button back" href="#/" aria-label="Back to the list">
          <BackIcon />
        </a>
        <Who thread={thread} />
        <ContactButton thread={thread} />
        <SessionCountdown thread={thread} />
      </div>
      <div class="conversation-tools">
        <TicketState thread={thread} />
        <OwnerSelect thread={thread} isBusy={isBusy} onChoose={(id) => void change(() => assign(thread, id))} />
        {mayWrite.value && (
          <button
            class="button"
            type="button"
            disabled={isBusy}
            data-testid="close-or-reopen"
            onClick={() => void change(() => (thread.status === "CLOSED" ? reopen(thread) : close(thread)))}
          >
            {thread.status === "CLOSED" ? "Reopen" : "Close"}
          </button>
        )}
      </div>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
    </header>
  );
}

function Who({ thread }: { thread: Thread }) {
  const name = thread.contact.displayName;
  const number = thread.contact.phones[0]?.number;
  return (
    <>
      <Avatar name={name} seed={thread.contact.id} />
      <div class="conversation-name">
        <h2 dir="auto">{name}</h2>
        <p class="muted">
          {number && number !== name && <span>{number}</span>}
          <span>to {thread.channel.name}</span>
        </p>
      </div>
    </>
  );
}

function SessionCountdown({ thread }: { thread: Thread }) {
  const { state, expiresAt } = thread.session;
  const leftMs = expiresAt === null ? 0 : Date.parse(expiresAt) - now.value;
  if (state !== "OPEN" || expiresAt === null || leftMs <= 0) {
    return (
      <p class="session session-closed" data-testid="session-countdown" data-session="closed">
        <ClockIcon />
        <span>{state === "NEVER_OPENED" ? "No session yet" : "Session closed"}</span>
      </p>
    );
  }
  const isExpiring = leftMs < EXPIRING_MS;
  return (
    <p
      class={`session ${isExpiring ? "session-expiring" : "session-open"}`}
      data-testid="session-countdown"
      data-session="open"
      title={`Free replies until ${fullTime(expiresAt)}`}
    >
      <ClockIcon />
      <span class="session-word">Session</span>
      <span class="session-left">{countdown(leftMs)}</span>
    </p>
  );
}

function TicketState({ thread }: { thread: Thread }) {
  const { ticket } = thread;
  const status = ticket?.status ?? thread.status;
  return (
    <p class="ticket-state">
      {ticket && (
        <span class="ticket-number" title={ticket.subject}>
          Ticket #{ticket.number}
        </span>
      )}
      <span class={`chip chip-${status.toLowerCase()}`} data-testid="ticket-status" data-status={status}>
        {ticket ? ticketStatusWord(status) : status === "OPEN" ? "Open" : "Closed"}
      </span>
    </p>
  );
}

function OwnerSelect({
  thread,
  isBusy,
  onChoose,
}: {
  thread: Thread;
  isBusy: boolean;
  onChoose: (ownerId: string | null) => void;
}) {
  const owner = thread.ticket ? thread.ticket.owner : thread.owner;
  const isListed = owner === null || users.value.some((user) => user.id === owner.id);
  const choose = (event: Event & { currentTarget: HTMLSelectElement }) => {
    const chosen = event.currentTarget.value;
    // What is shown is what the server says, also while it is still being asked.
    event.currentTarget.value = owner?.id ?? NOBODY;
    onChoose(chosen === NOBODY ? null : chosen);
  };
  return (
    <label class="owner">
      <span>Owner</span>
      <select
        data-testid="owner-select"
        value={owner?.id ?? NOBODY}
        disabled={isBusy || !mayWrite.value}
        onChange={choose}
      >
        <option value={NOBODY}>Nobody</option>
        {!isListed && owner && <option value={owner.id}>{owner.displayName}</option>}
        {users.value.map((user) => (
          <option key={user.id} value={user.id}>
            {user.displayName}
          </option>
        ))}
      </select>
    </label>
  );
}
