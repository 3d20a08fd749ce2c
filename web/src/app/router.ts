/** What is on the screen, kept in the address so that reloading and going back work. */

import { batch, signal } from "@preact/signals";

/** Narrow screens show one pane at a time; wide ones show several and only mark one. */
export type Pane = "list" | "thread" | "phones";

export const pane = signal<Pane>("list");
export const selectedThreadId = signal<string | null>(null);

/** A screen beside the inbox; each is loaded when it is first asked for. */
export type Screen = "inbox" | "numbers" | "connect";

export const screen = signal<Screen>("inbox");
/** What the address names within that screen, part by part: `#/numbers/<id>/token` is `["<id>", "token"]`. */
export const place = signal<readonly string[]>([]);

const THREAD = "#/threads/";

export function threadAddress(threadId: string): string {
  return THREAD + encodeURIComponent(threadId);
}

export function numberAddress(channelId: string, part = ""): string {
  return `#/numbers/${encodeURIComponent(channelId)}${part && `/${part}`}`;
}

export function connectAddress(draftId: string, step = ""): string {
  return `#/connect/${encodeURIComponent(draftId)}${step && `/${step}`}`;
}

/** Whether only one pane fits; the same width as in the style sheets. */
export function isNarrow(): boolean {
  return matchMedia("(max-width: 759.98px)").matches;
}

export function startRouter(): void {
  read();
  addEventListener("hashchange", read);
}

function read(): void {
  const hash = location.hash;
  batch(() => {
    const [first = "", ...rest] = (hash.split("?")[0] ?? "").replace(/^#\//, "").split("/");
    screen.value = first === "numbers" || first === "connect" ? first : "inbox";
    place.value = rest.map(decoded).filter((part) => part !== null);
    // The conversation that was open is still there for whoever comes back.
    if (screen.value === "inbox") readInbox(hash);
  });
}

function readInbox(hash: string): void {
  if (hash === "#/phones") {
    pane.value = "phones";
    return;
  }
  selectedThreadId.value = hash.startsWith(THREAD) ? decoded(hash.slice(THREAD.length)) : null;
  pane.value = selectedThreadId.value === null ? "list" : "thread";
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part) || null;
  } catch {
    return null;
  }
}
