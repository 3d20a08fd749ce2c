/** What is on the screen, kept in the address so that reloading and going back work. */

import { signal } from "@preact/signals";

/** Narrow screens show one pane at a time; wide ones show several and only mark one. */
export type Pane = "list" | "thread" | "phones";

export const pane = signal<Pane>("list");
export const selectedThreadId = signal<string | null>(null);

const THREAD = "#/threads/";

export function threadAddress(threadId: string): string {
  return THREAD + encodeURIComponent(threadId);
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
