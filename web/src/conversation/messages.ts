/** What a person does with one message. Each returns what was refused, in sentences. */

import { ask } from "../api.ts";
import {
  MessageCancelMutation,
  MessageReactMutation,
  MessageReleaseMutation,
  MessageRetryMutation,
  MessageSettleMutation,
  VersionsQuery,
  type Message,
  type Version,
} from "../documents.ts";
import { conversation } from "../inbox/inbox.ts";
import { newKey, sending } from "../outcome.ts";

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
