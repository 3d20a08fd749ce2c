/**
 * What the desk knows: threads, the open conversation, and how events move them.
 *
 * Events carry whole objects as they are now, so applying one twice changes nothing, and a place in the log that is a
 * little older than what was read does no harm.
 */

import { batch, computed, signal } from "@preact/signals";
import { ApiError, ask, explain } from "../api.ts";
import {
  ConversationQuery,
  InboxQuery,
  UsersQuery,
  type InboxEvent,
  type Message,
  type Thread,
  type User,
  type Viewer,
} from "../documents.ts";
import type { ResultOf } from "../graphql.ts";
import { keepChannel } from "../numbers/channels.ts";
import { selectedThreadId } from "../app/router.ts";
import { compareInstants } from "../time.ts";

const THREADS_PER_PAGE = 50;
const MESSAGES_PER_PAGE = 50;
const USERS_PER_PAGE = 100;

const BEFORE_THE_NETWORK = Date.UTC(2009);

export type Filter = "OPEN" | "CLOSED" | "ALL";
export type Phase = "loading" | "ready" | "failed";

export interface Conversation {
  threadId: string;
  phase: Phase | "missing";
  /** Oldest first, without gaps up to the newest. */
  messages: readonly Message[];
  /** Where older ones begin; null when all are here. */
  olderBefore: string | null;
  loadingOlder: boolean;
}

export const viewer = signal<Viewer | null>(null);
export const users = signal<readonly User[]>([]);
export const filter = signal<Filter>("OPEN");
export const listPhase = signal<Phase>("loading");
export const listProblem = signal("");
export const loadingMore = signal(false);
export const conversation = signal<Conversation | null>(null);
/** For people who listen rather than look: the newest thing that happened, in a sentence. */
export const announcement = signal("");

const known = signal<ReadonlyMap<string, Thread>>(new Map());
/** The oldest activity the list reaches down to; null when it reaches the end. */
const horizon = signal<string | null>(null);
const nextPage = signal<string | null>(null);
let listRequest = 0;
let conversationRequest = 0;
/** Events of the conversation being read: they are applied on top of the answer, in their order. */
let held: Message[] = [];

export const hasMore = computed(() => nextPage.value !== null);

export const listed = computed(() =>
  [...known.value.values()]
    .filter((thread) => isWanted(thread, filter.value))
    .filter((thread) => horizon.value === null || compareInstants(thread.lastActivityAt, horizon.value) >= 0)
    .sort((a, b) => compareInstants(b.lastActivityAt, a.lastActivityAt)),
);

export const selectedThread = computed(() => {
  const id = selectedThreadId.value;
  return id === null ? undefined : known.value.get(id);
});

export const mayWrite = computed(() => viewer.value !== null && viewer.value.role !== "READER");

export const isAdministrator = computed(() => viewer.value?.role === "ADMIN");

/** Reads the newest page of the list and returns the place in the log it reflects. */
export async function loadInbox(): Promise<string | null> {
  const request = ++listRequest;
  if (listPhase.value === "ready") listPhase.value = "loading";
  try {
    const { viewer: seenBy, threads } = await ask(InboxQuery, page(null));
    if (request !== listRequest) return null;
    batch(() => {
      viewer.value = seenBy;
      keep(threads.nodes);
      reachTo(threads);
      listPhase.value = "ready";
    });
    return seenBy.cursor;
  } catch (error) {
    if (request !== listRequest) return null;
    batch(() => {
      listProblem.value = explain(error);
      listPhase.value = "failed";
    });
    return null;
  }
}

export async function loadMore(): Promise<void> {
  if (nextPage.value === null || loadingMore.value) return;
  const request = listRequest;
  loadingMore.value = true;
  try {
    const { threads } = await ask(InboxQuery, page(nextPage.value));
    if (request !== listRequest) return;
    batch(() => {
      keep(threads.nodes);
      reachTo(threads);
    });
  } catch (error) {
    announcement.value = explain(error);
  } finally {
    loadingMore.value = false;
  }
}

export async function showThreads(wanted: Filter): Promise<void> {
  filter.value = wanted;
  await loadInbox();
}

export async function loadUsers(): Promise<void> {
  const found: User[] = [];
  let after: string | null = null;
  do {
    const answer: ResultOf<typeof UsersQuery> = await ask(UsersQuery, { first: USERS_PER_PAGE, after });
    found.push(...answer.users.nodes);
    after = answer.users.pageInfo.hasNextPage ? answer.users.pageInfo.endCursor : null;
  } while (after !== null);
  users.value = found.sort((a, b) => a.displayName.localeCompare(b.displayName));
}

export async function openConversation(threadId: string): Promise<void> {
  const request = ++conversationRequest;
  held = [];
  if (conversation.value?.threadId !== threadId) conversation.value = empty(threadId);
  try {
    const { thread } = await ask(ConversationQuery, { id: threadId, last: MESSAGES_PER_PAGE });
    if (request !== conversationRequest) return;
    batch(() => {
      if (thread === null) {
        conversation.value = { ...empty(threadId), phase: "missing" };
        return;
      }
      keep([thread]);
      conversation.value = {
        threadId,
        phase: "ready",
        messages: inOrder(thread.messages.nodes),
        olderBefore: thread.messages.pageInfo.hasPreviousPage ? thread.messages.pageInfo.startCursor : null,
        loadingOlder: false,
      };
      held.forEach(showMessage);
    });
  } catch (error) {
    if (request !== conversationRequest) return;
    const isMissing = error instanceof ApiError && ["BAD_REQUEST", "NOT_FOUND"].includes(error.code);
    const wasReady = conversation.value?.threadId === threadId && conversation.value.phase === "ready";
    if (!wasReady) conversation.value = { ...empty(threadId), phase: isMissing ? "missing" : "failed" };
  }
}

export function closeConversation(): void {
  conversationRequest++;
  conversation.value = null;
}

export async function loadOlder(): Promise<void> {
  const open = conversation.value;
  if (open === null || open.olderBefore === null || open.loadingOlder) return;
  conversation.value = { ...open, loadingOlder: true };
  try {
    const { thread } = await ask(ConversationQuery, {
      id: open.threadId,
      last: MESSAGES_PER_PAGE,
      before: open.olderBefore,
    });
    changeConversation(open.threadId, (current) => ({
      ...current,
      messages: inOrder([...(thread?.messages.nodes ?? []), ...current.messages]),
      olderBefore: thread?.messages.pageInfo.hasPreviousPage ? thread.messages.pageInfo.startCursor : null,
      loadingOlder: false,
    }));
  } catch (error) {
    announcement.value = explain(error);
    changeConversation(open.threadId, (current) => ({ ...current, loadingOlder: false }));
  }
}

export function applyEvent(event: InboxEvent): void {
  if (event.__typename === "ChannelChanged") keepChannel(event.channel);
  const thread = event.thread;
  if (thread === null) return;
  batch(() => {
    keep([thread]);
    if (!("message" in event)) return;
    if (conversation.value?.threadId === thread.id) {
      if (conversation.value.phase === "ready") showMessage(event.message);
      else held.push(event.message);
    }
    if (event.__typename === "MessageAdded") announce(thread, event.message);
  });
}

/** Takes in threads as they were just read. */
export function keep(threads: readonly Thread[]): void {
  const next = new Map(known.value);
  for (const thread of threads) next.set(thread.id, thread);
  known.value = next;
}

/** Puts a message where it belongs in the open conversation, or brings the one shown up to date. */
export function showMessage(message: Message): void {
  const open = conversation.value;
  if (open === null) return;
  const at = open.messages.findIndex((shown) => shown.id === message.id);
  if (at >= 0) {
    conversation.value = { ...open, messages: open.messages.with(at, message) };
    return;
  }
  const oldest = open.messages[0];
  const belongsToOlderPage =
    open.olderBefore !== null && oldest !== undefined && standsAt(message) < standsAt(oldest);
  if (!belongsToOlderPage) conversation.value = { ...open, messages: inOrder([...open.messages, message]) };
}

/** Forgets everything, for the next person who signs in. */
export function clearInbox(): void {
  listRequest++;
  conversationRequest++;
  batch(() => {
    viewer.value = null;
    users.value = [];
    known.value = new Map();
    horizon.value = null;
    nextPage.value = null;
    conversation.value = null;
    filter.value = "OPEN";
    listPhase.value = "loading";
    announcement.value = "";
  });
}

function page(after: string | null) {
  const wanted = filter.value;
  return { first: THREADS_PER_PAGE, after, filter: wanted === "ALL" ? null : { statuses: [wanted] } };
}

function reachTo(threads: {
  nodes: readonly Thread[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}): void {
  const { hasNextPage, endCursor } = threads.pageInfo;
  horizon.value = hasNextPage ? (threads.nodes.at(-1)?.lastActivityAt ?? null) : null;
  nextPage.value = hasNextPage ? endCursor : null;
}

function isWanted(thread: Thread, wanted: Filter): boolean {
  return wanted === "ALL" || thread.status === wanted;
}

function empty(threadId: string): Conversation {
  return { threadId, phase: "loading", messages: [], olderBefore: null, loadingOlder: false };
}

function changeConversation(threadId: string, change: (current: Conversation) => Conversation): void {
  const open = conversation.value;
  if (open?.threadId === threadId) conversation.value = change(open);
}

/** By where they stand, then by arrival; one that was there first stays first. */
function inOrder(messages: readonly Message[]): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  return [...byId.values()].sort(
    (a, b) => standsAt(a) - standsAt(b) || compareInstants(a.receivedAt, b.receivedAt),
  );
}

/**
 * The second a message stands at, as the server has it. The network tells whole seconds and we tell fractions: with
 * those, an answer would stand above the question of the same second.
 */
function standsAt({ sentAt, receivedAt }: Message): number {
  const [told, arrived] = [Date.parse(sentAt), Date.parse(receivedAt)];
  return Math.floor((told < BEFORE_THE_NETWORK ? arrived : Math.min(told, arrived)) / 1000);
}

function announce(thread: Thread, message: Message): void {
  if (message.direction !== "INBOUND") return;
  announcement.value = `New message from ${thread.contact.displayName}: ${message.preview}`;
}
