/** The demo's simulated phones, spoken to over the simulator's control API. Outside the demo nothing here runs. */

import { computed, signal } from "@preact/signals";

/** `/demo.json`, which only the demo answers. */
export interface Demo {
  token: string;
  simulator: string;
  phones: Phone[];
  /** The network's id of the business number the phones write to. */
  number: string;
  numberDisplay: string;
}

export interface Phone {
  id: string;
  name: string;
}

export interface PhoneMessage {
  id: string;
  /** `out` was written on this phone. */
  direction: "in" | "out";
  text: string;
  kind: string;
  /** The object named like the kind, as it went over the network. */
  content: PhoneContent;
  at: string;
  status: string;
  replyTo: string | null;
  reactions: { emoji: string; from: string }[];
  file: { id: string; mimeType: string; name: string | null; bytes: number } | null;
}

/** Of each kind what a phone shows; whatever else is there is passed over. */
export interface PhoneContent {
  name?: string;
  address?: string;
  latitude?: number;
  longitude?: number;
  contacts?: { name?: { formatted_name?: string }; phones?: { phone?: string }[] }[];
  action?: {
    button?: string;
    buttons?: { reply: PhoneOption }[];
    sections?: { rows: PhoneOption[] }[];
  };
}

export interface PhoneOption {
  id: string;
  title: string;
  description?: string;
}

export interface PhoneState {
  messages: readonly PhoneMessage[];
  /** Whether its owner looks at what arrives, which turns the desk's ticks blue. */
  reads: boolean;
  isReachable: boolean;
}

export const demo = signal<Demo | null>(null);
export const hasPhones = computed(() => (demo.value?.phones.length ?? 0) > 0);

const states = signal<ReadonlyMap<string, PhoneState>>(new Map());
const refreshing = new Map<string, { again: boolean }>();
/** Reading is told once a message, so that a hint that answers it never turns in a circle. */
const lookedAt = new Set<string>();
const NEW_PHONE: PhoneState = { messages: [], reads: true, isReachable: true };

export async function findDemo(): Promise<Demo | null> {
  try {
    const response = await fetch("/demo.json", { headers: { accept: "application/json" } });
    if (!response.ok) return null;
    demo.value = (await response.json()) as Demo;
    return demo.value;
  } catch {
    return null;
  }
}

/** Follows every phone until the returned function is called. */
export function followPhones(running: Demo): () => void {
  const hints = new EventSource(`${running.simulator}/_sim/events`);
  const all = () => running.phones.forEach((phone) => void refresh(running, phone.id));
  const hinted = (hint: MessageEvent<string>) => {
    const person = personOf(hint.data);
    if (person === null) all();
    else if (running.phones.some((phone) => phone.id === person)) void refresh(running, person);
  };
  hints.addEventListener("open", all);
  hints.addEventListener("message", hinted);
  document.addEventListener("visibilitychange", all);
  all();
  return () => {
    hints.close();
    document.removeEventListener("visibilitychange", all);
  };
}

export function phoneState(id: string): PhoneState {
  return states.value.get(id) ?? NEW_PHONE;
}

export function setReads(running: Demo, id: string, reads: boolean): void {
  change(id, { reads });
  if (reads) void refresh(running, id);
}

/** True when the simulator took it. */
export async function write(running: Demo, id: string, text: string, replyTo: string | null): Promise<boolean> {
  return tell(running, id, "messages", {
    to: running.number,
    text,
    ...(replyTo === null ? {} : { replyTo }),
  });
}

export async function writeFile(running: Demo, id: string, file: File, caption: string): Promise<boolean> {
  const mimeType = file.type === "" ? "application/octet-stream" : file.type;
  const told = new URLSearchParams({ mimeType, name: file.name });
  try {
    const kept = await fetch(`${running.simulator}/_sim/media?${told}`, { method: "POST", body: file });
    if (!kept.ok) return false;
    const { id: mediaId } = (await kept.json()) as { id: string };
    const first = mimeType.split("/", 1)[0] ?? "";
    const kind = ["image", "video", "audio"].includes(first) ? first : "document";
    const content = { id: mediaId, ...(caption === "" || kind === "audio" ? {} : { caption }) };
    return await tell(running, id, "messages", { to: running.number, kind, [kind]: content });
  } catch {
    return false;
  }
}

export async function react(running: Demo, id: string, messageId: string, emoji: string): Promise<boolean> {
  return tell(running, id, "messages", { to: running.number, reaction: { messageId, emoji } });
}

/** Taps an answer of a question that the business asked. */
export async function choose(running: Demo, id: string, asked: PhoneMessage, option: PhoneOption): Promise<boolean> {
  const type = asked.content.action?.buttons ? "button_reply" : "list_reply";
  return tell(running, id, "messages", {
    to: running.number,
    kind: "interactive",
    interactive: { type, [type]: option },
    replyTo: asked.id,
  });
}

async function tell(running: Demo, id: string, path: string, body: object): Promise<boolean> {
  try {
    const response = await fetch(person(running, id, path), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) void refresh(running, id);
    change(id, { isReachable: response.ok });
    return response.ok;
  } catch {
    change(id, { isReachable: false });
    return false;
  }
}

/** Reads a phone again: at most one request at a time, and one more if something happened meanwhile. */
async function refresh(running: Demo, id: string): Promise<void> {
  const ongoing = refreshing.get(id);
  if (ongoing) {
    ongoing.again = true;
    return;
  }
  const run = { again: true };
  refreshing.set(id, run);
  try {
    while (run.again) {
      run.again = false;
      await read(running, id);
    }
  } finally {
    refreshing.delete(id);
  }
}

async function read(running: Demo, id: string): Promise<void> {
  try {
    const response = await fetch(`${person(running, id, "messages")}?number=${encodeURIComponent(running.number)}`);
    if (!response.ok) throw new Error(String(response.status));
    const { messages } = (await response.json()) as { messages: PhoneMessage[] };
    change(id, { messages: messages.filter((message) => message.kind !== "reaction"), isReachable: true });
  } catch {
    change(id, { isReachable: false });
    return;
  }
  await lookAtNews(running, id);
}

async function lookAtNews(running: Demo, id: string): Promise<void> {
  const { messages, reads } = phoneState(id);
  if (!reads || document.visibilityState !== "visible") return;
  const news = messages.filter((message) => isUnseen(message) && !lookedAt.has(message.id));
  if (news.length === 0) return;
  for (const message of news) lookedAt.add(message.id);
  await fetch(person(running, id, "read"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ number: running.number }),
  }).catch(() => undefined);
}

function isUnseen(message: PhoneMessage): boolean {
  return message.direction === "in" && ["sent", "delivered"].includes(message.status);
}

function person(running: Demo, id: string, path: string): string {
  return `${running.simulator}/_sim/people/${encodeURIComponent(id)}/${path}`;
}

function personOf(data: string): string | null {
  try {
    const hint = JSON.parse(data) as { personId?: unknown };
    return typeof hint.personId === "string" ? hint.personId : null;
  } catch {
    return null;
  }
}

function change(id: string, part: Partial<PhoneState>): void {
  states.value = new Map(states.value).set(id, { ...phoneState(id), ...part });
}
