/**
 * What has been entered on the way to a connected number. It stays while the page is open, so that going back and forth,
 * also by the browser's buttons, loses nothing; what a sign-in reached is kept by the server, and read again by its id.
 */

import { computed, signal } from "@preact/signals";
import { ask, explain, token } from "../api.ts";
import { connectAddress, numberAddress, place } from "../app/router.ts";
import {
  ChannelAddNumberMutation,
  ChannelConnectMutation,
  ChannelDiscoverMutation,
  ChannelRequestCodeMutation,
  ChannelVerifyCodeMutation,
  ConnectingQuery,
  DraftParts,
  DraftQuery,
} from "../documents/connecting.ts";
import type { ResultOf } from "../graphql.ts";
import { loadChannels } from "../numbers/channels.ts";

export type Draft = ResultOf<typeof DraftParts>;
export type Account = Draft["businessAccounts"][number];
export type BusinessNumber = Account["numbers"][number];
export type Terms = ResultOf<typeof ConnectingQuery>["connectTerms"];
export type Prerequisite = ResultOf<typeof ConnectingQuery>["channelPrerequisites"][number];
export type Step = (typeof STEPS)[number];

export const STEPS = ["sign-in", "permissions", "account", "profile", "number", "terms", "destination"] as const;

export interface Entered {
  token: string;
  accountId: string;
  numberId: string;
  category: string;
  about: string;
  description: string;
  email: string;
  website: string;
  address: string;
  newNumber: string;
  newName: string;
  agreedTo: string;
  /** Null: the number's display name. */
  name: string | null;
  destination: "HELP_DESK" | "INBOX";
  pin: string;
}

const NOTHING: Entered = {
  token: "",
  accountId: "",
  numberId: "",
  category: "",
  about: "",
  description: "",
  email: "",
  website: "",
  address: "",
  newNumber: "",
  newName: "",
  agreedTo: "",
  name: null,
  destination: "HELP_DESK",
  pin: "",
};

/** What came of a step: sentences where it was refused. */
export interface StepOutcome {
  problems: string[];
  retryAt?: string | null;
  attemptsLeft?: number | null;
}

export const draft = signal<Draft | null>(null);
export const entered = signal<Entered>(NOTHING);
export const terms = signal<Terms | null>(null);
export const prerequisites = signal<readonly Prerequisite[]>([]);
/** The network wants the PIN that somebody once set for the number. */
export const asksForPin = signal(false);

export const step = computed<Step>(() => {
  if (draft.value === null || draft.value.id !== place.value[0]) return "sign-in";
  const wanted = STEPS.find((each) => each === place.value[1]) ?? "permissions";
  // After a reload what was chosen is gone: one goes on from the first step that lacks something.
  const isPast = (each: (typeof STEPS)[number]) => STEPS.indexOf(wanted) > STEPS.indexOf(each);
  if (isPast("account") && account.value === undefined) return "account";
  if (isPast("number") && !number.value?.connectable) return "number";
  if (isPast("terms") && entered.value.agreedTo === "") return "terms";
  return wanted;
});

export const account = computed<Account | undefined>(() =>
  draft.value?.businessAccounts.find(({ id }) => id === entered.value.accountId),
);

export const number = computed<BusinessNumber | undefined>(() =>
  account.value?.numbers.find(({ phoneNumberId }) => phoneNumberId === entered.value.numberId),
);

export const lacksPermission = computed(
  () => draft.value?.permissions.some(({ granted, required }) => required && !granted) ?? false,
);

export function enter(change: Partial<Entered>): void {
  entered.value = { ...entered.value, ...change };
}

export function go(to: Step): void {
  location.hash = to === "sign-in" || draft.value === null ? "#/connect" : connectAddress(draft.value.id, to);
}

export async function loadConnecting(): Promise<string[]> {
  return answering(async () => {
    const answer = await ask(ConnectingQuery, {});
    terms.value = answer.connectTerms;
    prerequisites.value = answer.channelPrerequisites;
    return [];
  });
}

/** What a sign-in at Meta came back with, by the id in the address. */
export async function loadDraft(id: string): Promise<string[]> {
  return answering(async () => {
    const { node } = await ask(DraftQuery, { id });
    if (node?.__typename !== "ConnectionDraft") return ["This sign-in has run out, or is somebody else's. Sign in again."];
    take(node);
    return [];
  });
}

/** Leads to Meta, which sends the browser back to the next step. */
export async function signInAtMeta(): Promise<string[]> {
  return answering(async () => {
    const headers = { authorization: `Bearer ${token.value ?? ""}` };
    const response = await fetch("/connect/whatsapp", { method: "POST", headers });
    const answer = (await response.json()) as { url?: string; error?: { message: string } };
    if (answer.url === undefined) return [answer.error?.message ?? "Signing in at Meta did not begin. Try again."];
    location.assign(answer.url);
    return [];
  });
}

export async function signInWithToken(): Promise<string[]> {
  return answering(async () => {
    const { channelDiscover } = await ask(ChannelDiscoverMutation, { input: { accessToken: entered.value.token } });
    if (channelDiscover.draft === null) return messages(channelDiscover);
    take(channelDiscover.draft);
    enter({ token: "" }); // the server has it, sealed
    go("permissions");
    return [];
  });
}

export async function addNumber(): Promise<string[]> {
  const { accountId, newNumber, newName } = entered.value;
  return answering(async () => {
    const input = {
      draftId: draft.value?.id ?? "",
      businessAccountId: accountId,
      phoneNumber: newNumber.trim(),
      displayName: newName.trim(),
    };
    const { channelAddNumber } = await ask(ChannelAddNumberMutation, { input });
    if (channelAddNumber.number === null) return messages(channelAddNumber);
    keepNumber(channelAddNumber.number);
    enter({ numberId: channelAddNumber.number.phoneNumberId, newNumber: "" });
    return [];
  });
}

export async function requestCode(phoneNumberId: string, method: "SMS" | "VOICE", language: string): Promise<StepOutcome> {
  return tried(async () => {
    const input = { draftId: draft.value?.id ?? "", phoneNumberId, method, language };
    return (await ask(ChannelRequestCodeMutation, { input })).channelRequestCode;
  });
}

export async function verifyCode(phoneNumberId: string, code: string): Promise<StepOutcome> {
  return tried(async () => {
    const input = { draftId: draft.value?.id ?? "", phoneNumberId, code: code.trim() };
    return (await ask(ChannelVerifyCodeMutation, { input })).channelVerifyCode;
  });
}

/** The last step; the number's page is what comes after. */
export async function connect(): Promise<string[]> {
  const { accountId, numberId, name, destination, agreedTo, pin } = entered.value;
  return answering(async () => {
    const input = {
      acceptTerms: agreedTo !== "",
      termsVersion: agreedTo || null,
      draftId: draft.value?.id ?? "",
      businessAccountId: accountId,
      phoneNumberId: numberId,
      name: name?.trim() || null,
      destination,
      profile: profileOf(entered.value),
      pin: pin.trim() || null,
    };
    const { channelConnect } = await ask(ChannelConnectMutation, { input });
    if (channelConnect.channel === null) {
      asksForPin.value ||= channelConnect.userErrors.some(({ field }) => field?.includes("pin"));
      return messages(channelConnect);
    }
    await loadChannels();
    addEventListener("hashchange", startAgain, { once: true });
    location.hash = numberAddress(channelConnect.channel.id);
    return [];
  });
}

function startAgain(): void {
  draft.value = null;
  entered.value = NOTHING;
  asksForPin.value = false;
}

function take(reached: Draft): void {
  draft.value = reached;
  const [first, ...others] = reached.businessAccounts;
  const isStillThere = reached.businessAccounts.some(({ id }) => id === entered.value.accountId);
  if (!isStillThere) enter({ accountId: first !== undefined && others.length === 0 ? first.id : "", numberId: "" });
}

/** Puts a number where it belongs in what the sign-in reached, or brings the one shown up to date. */
function keepNumber(changed: BusinessNumber): void {
  const reached = draft.value;
  const accountId = entered.value.accountId;
  if (reached === null) return;
  const businessAccounts = reached.businessAccounts.map((each) => {
    if (each.id !== accountId) return each;
    const at = each.numbers.findIndex(({ phoneNumberId }) => phoneNumberId === changed.phoneNumberId);
    return { ...each, numbers: at < 0 ? [...each.numbers, changed] : each.numbers.with(at, changed) };
  });
  draft.value = { ...reached, businessAccounts };
}

/** Null where nothing was entered: the profile stays as it is. */
function profileOf({ category, about, description, email, website, address }: Entered) {
  const told = Object.entries({ category, about, description, email, address }).filter(([, value]) => value.trim() !== "");
  const websites = website.trim() === "" ? {} : { websites: website.trim().split(/[\s,]+/) };
  const profile = { ...Object.fromEntries(told.map(([key, value]) => [key, value.trim()])), ...websites };
  return Object.keys(profile).length === 0 ? null : profile;
}

async function tried(
  attempt: () => Promise<{
    number: BusinessNumber | null;
    retryAt: string | null;
    attemptsLeft: number | null;
    userErrors: { message: string }[];
  }>,
): Promise<StepOutcome> {
  try {
    const payload = await attempt();
    if (payload.number !== null) keepNumber(payload.number);
    return { problems: messages(payload), retryAt: payload.retryAt, attemptsLeft: payload.attemptsLeft };
  } catch (error) {
    return { problems: [explain(error)] };
  }
}

async function answering(attempt: () => Promise<string[]>): Promise<string[]> {
  try {
    return await attempt();
  } catch (error) {
    return [explain(error)];
  }
}

function messages({ userErrors }: { userErrors: { message: string }[] }): string[] {
  return userErrors.map(({ message }) => message);
}
