/** What came of something a person did, in sentences; an empty list is success. */

import { explain } from "./api.ts";
import type { Message, Thread } from "./documents.ts";
import { conversation, openConversation, showMessage } from "./inbox/inbox.ts";

export interface Outcome {
  problems: string[];
  /** No answer came: the same attempt may be made again with the same key. */
  isUnanswered: boolean;
}

export interface Payload {
  userErrors: { code?: string; message: string }[];
}

/** A name for one attempt, so that making it twice sends once. */
export function newKey(): string {
  // randomUUID is missing where the page is not served over HTTPS or from this machine.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sending(
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

export async function changing(thread: Thread, change: () => Promise<Payload>): Promise<string[]> {
  try {
    const { userErrors } = await change();
    if (userErrors.length > 0) await openConversation(thread.id);
    return userErrors.map((error) => error.message);
  } catch (error) {
    return [explain(error)];
  }
}
