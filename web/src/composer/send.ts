/** What leaves: words, files, voice, templates. An attempt keeps its key, so that making it twice sends once. */

import { ask, explain } from "../api.ts";
import { uploadedOnce } from "./upload.ts";
import {
  MessagePreflightQuery,
  MessageSendMutation,
  MessageSendTemplateMutation,
  ThreadStartMutation,
} from "../documents.ts";
import type { VariablesOf } from "../graphql.ts";
import { newKey, sending, type Outcome } from "../outcome.ts";

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
