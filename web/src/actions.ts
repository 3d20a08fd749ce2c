/** What a person does with a thread. Each returns what was refused, in sentences; an empty list is success. */

import { ask, explain, NetworkError } from "./api.ts";
import {
  MediaPrepareMutation,
  MessageCancelMutation,
  MessagePreflightQuery,
  MessageReactMutation,
  MessageReleaseMutation,
  MessageRetryMutation,
  MessageSendMutation,
  MessageSendTemplateMutation,
  MessageSettleMutation,
  ThreadAssignMutation,
  ThreadCloseMutation,
  ThreadMarkReadMutation,
  ThreadReopenMutation,
  ThreadStartMutation,
  TicketAssignMutation,
  TicketCloseMutation,
  TicketReopenMutation,
  TicketUnassignMutation,
  VersionsQuery,
  type Message,
  type Thread,
  type Version,
} from "./documents.ts";
import type { VariablesOf } from "./graphql.ts";
import { conversation, keep, openConversation, showMessage } from "./inbox/inbox.ts";
import { hereabouts } from "./conversation/media.ts";

export interface Outcome {
  problems: string[];
  /** No answer came: the same attempt may be made again with the same key. */
  isUnanswered: boolean;
}

interface Payload {
  userErrors: { code?: string; message: string }[];
}

export interface TextAttempt {
  threadId: string;
  body: string;
  replyToId: string | null;
  key: string;
}

/** One thing to send, of whichever kind. */
export type ContentInput = VariablesOf<typeof MessageSendMutation>["input"]["content"];

export interface ContentAttempt {
  threadId: string;
  content: ContentInput;
  replyToId: string | null;
  key: string;
}

export interface VoiceAttempt {
  threadId: string;
  recording: File;
  replyToId: string | null;
  key: string;
  /** What the server has of it already. */
  uploaded: Map<File, string>;
}

export interface FilesAttempt {
  threadId: string;
  files: readonly File[];
  /** Words under the first; empty for none. */
  caption: string;
  replyToId: string | null;
  key: string;
  /** What the server has of them already. */
  uploaded: Map<File, string>;
}

export interface TemplateAttempt {
  threadId: string;
  templateId: string;
  parameters: { component: string; name: string; value: string }[];
  headerMediaId?: string;
  key: string;
}

/** A template with its blanks filled. */
export interface Filled {
  templateId: string;
  parameters: { component: string; name: string; value: string }[];
  /** The file above its text, where it wants one. */
  headerMediaId?: string;
}

/** Whom a conversation is begun with, and from which of our numbers. */
export interface Beginning {
  channelId: string;
  phoneNumber: string;
}

/** What a send would come to now. */
export interface Verdict {
  /** Why it would be refused; empty where it would go. */
  problems: string[];
  takesConversation: boolean;
}

/** A name for one attempt, so that making it twice sends once. */
export function newKey(): string {
  // randomUUID is missing where the page is not served over HTTPS or from this machine.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sendText(attempt: TextAttempt): Promise<Outcome> {
  const { threadId, body, replyToId, key } = attempt;
  return sendContent({ threadId, content: { text: { body } }, replyToId, key });
}

export async function sendContent(attempt: ContentAttempt): Promise<Outcome> {
  return sending(attempt.threadId, async () => {
    const input = {
      threadId: attempt.threadId,
      content: attempt.content,
      idempotencyKey: attempt.key,
      ...(attempt.replyToId === null ? {} : { replyToId: attempt.replyToId }),
    };
    return (await ask(MessageSendMutation, { input })).messageSend;
  });
}

/** The same content after no answer is the same attempt; anything else is a new one. */
export function contentAttemptFor(
  last: ContentAttempt | null,
  wanted: Omit<ContentAttempt, "key">,
): ContentAttempt {
  const isSame = last?.replyToId === wanted.replyToId && JSON.stringify(last.content) === JSON.stringify(wanted.content);
  return last && isSame ? last : { ...wanted, key: newKey() };
}

export async function sendVoice(attempt: VoiceAttempt): Promise<Outcome> {
  const { threadId, recording, replyToId, key, uploaded } = attempt;
  try {
    const { mediaId, problems } = await uploadedOnce(uploaded, recording, { voice: true });
    if (mediaId === null) return { problems, isUnanswered: false };
    return await sendContent({ threadId, content: { media: { mediaIds: [mediaId] } }, replyToId, key });
  } catch (error) {
    return { problems: [explain(error)], isUnanswered: true };
  }
}

export async function sendFiles(attempt: FilesAttempt): Promise<Outcome> {
  const mediaIds: string[] = [];
  try {
    for (const file of attempt.files) {
      const { mediaId, problems } = await uploadedOnce(attempt.uploaded, file);
      if (mediaId === null) return { problems: problems.map((each) => `${file.name}: ${each}`), isUnanswered: false };
      mediaIds.push(mediaId);
    }
  } catch (error) {
    return { problems: [explain(error)], isUnanswered: true };
  }
  const { threadId, caption, replyToId, key } = attempt;
  return sendContent({
    threadId,
    content: { media: { mediaIds, ...(caption === "" ? {} : { caption }) } },
    replyToId,
    key,
  });
}

async function uploadedOnce(
  uploaded: Map<File, string>,
  file: File,
  how: { voice: boolean } = { voice: false },
): ReturnType<typeof upload> {
  const known = uploaded.get(file);
  if (known !== undefined) return { mediaId: known, problems: [] };
  const done = await upload(file, how);
  if (done.mediaId !== null) uploaded.set(file, done.mediaId);
  return done;
}

/** A file that is to stand above a template's text, as the server knows it. */
export async function uploadHeader(file: File): ReturnType<typeof upload> {
  try {
    return await upload(file, { voice: false });
  } catch (error) {
    return { mediaId: null, problems: [explain(error)] };
  }
}

async function upload(file: File, { voice }: { voice: boolean }): Promise<{ mediaId: string | null; problems: string[] }> {
  const mimeType = file.type === "" ? "application/octet-stream" : file.type;
  const input = { kind: kindOf(mimeType), mimeType, bytes: file.size, ...(voice ? { voice } : { fileName: file.name }) };
  const { uploadUrl, media, userErrors } = (await ask(MediaPrepareMutation, { input })).mediaPrepare;
  if (uploadUrl === null || media === null) {
    return { mediaId: null, problems: userErrors.map((error) => error.message) };
  }
  const answer = await put(uploadUrl, file);
  if (answer.ok) return { mediaId: media.id, problems: [] };
  const told = (await answer.json().catch(() => null)) as { error?: { message?: string } } | null;
  return { mediaId: null, problems: [told?.error?.message ?? "It could not be uploaded."] };
}

async function put(url: string, file: File): Promise<Response> {
  try {
    return await fetch(hereabouts(url), { method: "PUT", body: file });
  } catch {
    throw new NetworkError("The upload broke off.");
  }
}

function kindOf(mimeType: string): "IMAGE" | "VIDEO" | "AUDIO" | "DOCUMENT" {
  const kinds = { image: "IMAGE", video: "VIDEO", audio: "AUDIO" } as const;
  return kinds[mimeType.split("/", 1)[0] as keyof typeof kinds] ?? "DOCUMENT";
}

export async function sendTemplate(attempt: TemplateAttempt): Promise<Outcome> {
  return sending(attempt.threadId, async () => {
    const { key, ...filled } = attempt;
    const input = { ...filled, idempotencyKey: key };
    return (await ask(MessageSendTemplateMutation, { input })).messageSendTemplate;
  });
}

/** Writes first. Where the conversation is there already, the template goes into it. */
export async function begin(
  { channelId, phoneNumber }: Beginning,
  filled: Filled,
  key: string,
): Promise<Outcome & { threadId: string | null }> {
  try {
    const input = { channelId, phoneNumber, ...filled, idempotencyKey: key };
    const { thread, userErrors } = (await ask(ThreadStartMutation, { input })).threadStart;
    return { threadId: thread?.id ?? null, problems: userErrors.map((error) => error.message), isUnanswered: false };
  } catch (error) {
    return { threadId: null, problems: [explain(error)], isUnanswered: true };
  }
}

/** What would come of sending this; nothing is sent by asking. */
export async function foresee(intended: VariablesOf<typeof MessagePreflightQuery>["input"]): Promise<Verdict> {
  const { userErrors, consumesQuota } = (await ask(MessagePreflightQuery, { input: intended })).messagePreflight;
  return { problems: userErrors.map((error) => error.message), takesConversation: consumesQuota };
}

/** Our one reaction on a message; an empty one takes it away. */
export async function react(threadId: string, messageId: string, emoji: string): Promise<string[]> {
  const input = { messageId, emoji, idempotencyKey: newKey() };
  return (await sending(threadId, async () => (await ask(MessageReactMutation, { input })).messageReact)).problems;
}

/** Show a quarantined message to everybody. */
export async function release(message: Message): Promise<string[]> {
  const { threadId } = conversation.value ?? {};
  if (threadId === undefined) return [];
  return (await sending(threadId, async () => (await ask(MessageReleaseMutation, { id: message.id })).messageRelease))
    .problems;
}

/** A failed message once more; the key is the attempt's, so that pressing twice tries once. */
export async function sendAgain(threadId: string, messageId: string, key: string): Promise<string[]> {
  const input = { messageId, idempotencyKey: key };
  return (await sending(threadId, async () => (await ask(MessageRetryMutation, { input })).messageRetry)).problems;
}

export async function takeBack(threadId: string, messageId: string): Promise<string[]> {
  const input = { messageId };
  return (await sending(threadId, async () => (await ask(MessageCancelMutation, { input })).messageCancel)).problems;
}

export async function settle(threadId: string, messageId: string, wasSent: boolean): Promise<string[]> {
  const input = { messageId, wasSent };
  return (await sending(threadId, async () => (await ask(MessageSettleMutation, { input })).messageSettle)).problems;
}

/** What a message said before it was changed or deleted, oldest first; empty for those who may not see it. */
export async function versionsOf(messageId: string): Promise<Version[]> {
  const { node } = await ask(VersionsQuery, { id: messageId });
  return node !== null && "versions" in node ? node.versions : [];
}

/** `null` takes the owner away. Refused where somebody else was quicker; the thread is then read again. */
export async function assign(thread: Thread, ownerId: string | null): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket === null) {
      const input = { threadId: thread.id, ownerId, expectedOwnerId: thread.owner?.id ?? null };
      return (await ask(ThreadAssignMutation, { input })).threadAssign;
    }
    if (ownerId === null) return (await ask(TicketUnassignMutation, { input: { ticketId: ticket.id } })).ticketUnassign;
    const input = { ticketId: ticket.id, ownerId, expectedOwnerId: ticket.owner?.id ?? null };
    return (await ask(TicketAssignMutation, { input })).ticketAssign;
  });
}

export async function close(thread: Thread): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket) return (await ask(TicketCloseMutation, { input: { ticketId: ticket.id } })).ticketClose;
    return (await ask(ThreadCloseMutation, { input: { threadId: thread.id } })).threadClose;
  });
}

export async function reopen(thread: Thread): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket) return (await ask(TicketReopenMutation, { input: { ticketId: ticket.id } })).ticketReopen;
    return (await ask(ThreadReopenMutation, { input: { threadId: thread.id } })).threadReopen;
  });
}

/** Best effort: the count stays until it works, and the next message tries again. */
export async function markRead(threadId: string, upToMessageId: string): Promise<void> {
  try {
    const { threadMarkRead } = await ask(ThreadMarkReadMutation, { input: { threadId, upToMessageId } });
    if (threadMarkRead.thread) keep([threadMarkRead.thread]);
  } catch {
    return;
  }
}

async function sending(
  threadId: string,
  send: () => Promise<Payload & { message: Message | null; messages?: Message[] }>,
): Promise<Outcome> {
  try {
    const { message, messages, userErrors } = await send();
    const sent = messages ?? (message ? [message] : []);
    if (conversation.value?.threadId === threadId) sent.forEach(showMessage);
    return { problems: userErrors.map((error) => error.message), isUnanswered: false };
  } catch (error) {
    return { problems: [explain(error)], isUnanswered: true };
  }
}

async function changing(thread: Thread, change: () => Promise<Payload>): Promise<string[]> {
  try {
    const { userErrors } = await change();
    if (userErrors.length > 0) await openConversation(thread.id);
    return userErrors.map((error) => error.message);
  } catch (error) {
    return [explain(error)];
  }
}
