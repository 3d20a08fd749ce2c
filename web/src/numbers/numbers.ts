/** What the screen of numbers knows: each number whole, and what was counted this month. */

import { effect, signal } from "@preact/signals";
import { ask, explain } from "../api.ts";
import { ChannelUpdateMutation, NumberParts, NumbersQuery, QuotaEntriesQuery } from "../documents/numbers.ts";
import type { ResultOf, VariablesOf } from "../graphql.ts";
import { channels, keepChannel } from "./channels.ts";

export type BusinessChannel = ResultOf<typeof NumberParts>;
export type Quota = ResultOf<typeof NumbersQuery>["quota"];
/** One conversation that was counted, and whether it was given back. */
export type Counted = ResultOf<typeof QuotaEntriesQuery>["quota"]["entries"]["nodes"][number];

const ENTRIES_PER_PAGE = 100;
/** A curve does not get better by more than this. */
const MOST_PAGES = 30;

export const numbers = signal<readonly BusinessChannel[] | null>(null);
export const quota = signal<Quota | null>(null);
/** Oldest first, and whether they are all. */
export const counted = signal<{ entries: readonly Counted[]; isWhole: boolean } | null>(null);
export const problem = signal("");

let request = 0;

/** Reads everything, and again when a number changes, until the returned function is called. */
export function followNumbers(): () => void {
  void loadCounted();
  const stop = effect(() => {
    void channels.value; // an event has changed one
    queueMicrotask(() => void loadNumbers());
  });
  return () => {
    stop();
    request++;
  };
}

export async function loadNumbers(): Promise<void> {
  const asked = ++request;
  try {
    const answer = await ask(NumbersQuery, {});
    if (asked !== request) return;
    numbers.value = answer.channels;
    quota.value = answer.quota;
    problem.value = "";
  } catch (error) {
    if (asked === request) problem.value = explain(error);
  }
}

/** Takes in a number as a change left it, for this screen and for the banner above it. */
export function keepNumber(channel: BusinessChannel): void {
  numbers.value = (numbers.value ?? []).map((each) => (each.id === channel.id ? channel : each));
  keepChannel(channel);
}

export type Change = Omit<VariablesOf<typeof ChannelUpdateMutation>["input"], "channelId">;

/** Changes a number; what was refused, in sentences. */
export async function changeNumber(channelId: string, change: Change): Promise<string[]> {
  try {
    const { channelUpdate } = await ask(ChannelUpdateMutation, { input: { channelId, ...change } });
    if (channelUpdate.channel) keepNumber(channelUpdate.channel);
    return channelUpdate.userErrors.map((error) => error.message);
  } catch (error) {
    return [explain(error)];
  }
}

async function loadCounted(): Promise<void> {
  const entries: Counted[] = [];
  let after: string | null = null;
  try {
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer: ResultOf<typeof QuotaEntriesQuery> = await ask(QuotaEntriesQuery, {
        first: ENTRIES_PER_PAGE,
        after,
      });
      const { nodes, pageInfo } = answer.quota.entries;
      entries.push(...nodes);
      counted.value = { entries: [...entries], isWhole: !pageInfo.hasNextPage };
      if (!pageInfo.hasNextPage) return;
      after = pageInfo.endCursor;
    }
  } catch {
    return; // the figures stand without the curve
  }
}
