/** The numbers as everybody sees them, kept up to date by events. */

import { computed, signal } from "@preact/signals";
import { ask } from "../api.ts";
import { ChannelsQuery, type Channel, type Problem } from "../documents.ts";

/** Null until they were read. */
export const channels = signal<readonly Channel[] | null>(null);

/** Numbers in use that have a problem which an administrator can mend, the first to begin first. */
export const ailing = computed(() =>
  (channels.value ?? [])
    .filter((channel) => channel.state === "DEGRADED" && worst(channel) !== undefined)
    .sort((a, b) => Date.parse(worst(a)?.since ?? "") - Date.parse(worst(b)?.since ?? "")),
);

/** Whether no number is in use; false while nobody knows. */
export const hasNoNumber = computed(() => channels.value?.every(({ state }) => state === "DISCONNECTED") ?? false);

/** Problems with which nothing leaves, the ones that are mended by pasting a token first. */
const STOPPING: readonly string[] = [
  "TOKEN_INVALID",
  "PERMISSION_MISSING",
  "NOT_REGISTERED",
  "PAYMENT_PROBLEM",
  "ACCOUNT_LOCKED",
  "BANNED",
];

const MENDED_BY_TOKEN: readonly string[] = ["TOKEN_INVALID", "TOKEN_EXPIRING", "PERMISSION_MISSING"];

/** The problem that says most: one for which nothing leaves before any other. */
export function worst(channel: Channel): Problem | undefined {
  return channel.health.problems.toSorted((a, b) => rank(a) - rank(b) || Date.parse(a.since) - Date.parse(b.since))[0];
}

export function isMendedByToken(problem: Problem): boolean {
  return MENDED_BY_TOKEN.includes(problem.code);
}

export function stopsSending(problem: Problem): boolean {
  return STOPPING.includes(problem.code);
}

/** Best effort: whoever needs them now asks again. */
export async function loadChannels(): Promise<void> {
  try {
    channels.value = (await ask(ChannelsQuery, {})).channels;
  } catch {
    return;
  }
}

/** Takes in a number as it was just read. */
export function keepChannel(channel: Channel): void {
  const known = channels.value;
  if (known === null) return;
  const at = known.findIndex((each) => each.id === channel.id);
  channels.value = at < 0 ? [...known, channel] : known.with(at, channel);
}

export function clearChannels(): void {
  channels.value = null;
}

function rank(problem: Problem): number {
  const at = STOPPING.indexOf(problem.code);
  return at < 0 ? STOPPING.length : at;
}

/** What keeps words for this number from leaving, for whoever writes them; undefined where nothing is known to. */
export function holdsBack(channelId: string): { channel: Channel; problem: Problem | undefined } | undefined {
  const channel = channels.value?.find(({ id }) => id === channelId);
  if (channel === undefined) return undefined;
  if (channel.state === "DISCONNECTED") return { channel, problem: undefined };
  const problem = worst(channel);
  return problem !== undefined && stopsSending(problem) ? { channel, problem } : undefined;
}
