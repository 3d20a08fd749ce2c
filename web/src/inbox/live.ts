/**
 * The page's ear: one subscription over one socket, resumed where it broke off.
 *
 * Every event carries its place in the log. After a broken connection the page asks for what came after the last one it
 * saw, so nothing is missed; where the server can't go on from there, everything is read again.
 */

import { print } from "@0no-co/graphql.web";
import { signal } from "@preact/signals";
import { createClient, type Client } from "graphql-ws/client";
import { forgetSignIn, token } from "../api.ts";
import { InboxEventsSubscription, type InboxEvent } from "../documents.ts";

const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8_000;
const NOT_ALLOWED = [4401, 4403];

export const connection = signal<"starting" | "live" | "broken">("starting");

interface Listener {
  onEvent: (event: InboxEvent) => void;
  /** The place can't be continued from: read again and return the new place, or null to try later. */
  onLost: () => Promise<string | null>;
}

/** Listens until the returned function is called. */
export function listen(from: string, listener: Listener): () => void {
  let isStopped = false;
  const client = connect();
  void run(client, from, listener, () => isStopped);
  return () => {
    isStopped = true;
    connection.value = "starting";
    void client.dispose();
  };
}

async function run(client: Client, from: string, listener: Listener, isStopped: () => boolean): Promise<void> {
  let after: string | null = from;
  let failures = 0;
  while (!isStopped()) {
    try {
      after ??= await listener.onLost();
      if (after !== null) {
        for await (const event of events(client, after)) {
          if (isStopped()) return;
          after = event.cursor;
          listener.onEvent(event);
        }
      }
    } catch (reason) {
      if (isStopped()) return;
      if (isClose(reason) && NOT_ALLOWED.includes(reason.code)) {
        forgetSignIn("Your sign-in has ended. Please sign in again.");
        return;
      }
      if (cannotContinue(reason)) {
        after = null;
        continue;
      }
    }
    if (isStopped()) return;
    if (connection.value === "live") failures = 0;
    connection.value = "broken";
    await pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++));
  }
}

async function* events(client: Client, after: string): AsyncGenerator<InboxEvent> {
  const query = print(InboxEventsSubscription);
  const answers = client.iterate<{ inboxEvents: InboxEvent }>({ query, variables: { after } });
  for await (const answer of answers) {
    if (answer.errors) throw answer.errors;
    if (answer.data) yield answer.data.inboxEvents;
  }
}

function connect(): Client {
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: `${location.origin.replace(/^http/, "ws")}/graphql`,
    connectionParams: () => ({ authorization: `Bearer ${token.value ?? ""}` }),
    keepAlive: PING_EVERY_MS,
    retryAttempts: 0,
    on: {
      connected: () => {
        connection.value = "live";
      },
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(overdue);
      },
      closed: () => {
        clearTimeout(overdue);
      },
    },
  });
  return client;
}

function isClose(reason: unknown): reason is { code: number } {
  return typeof reason === "object" && reason !== null && "code" in reason && typeof reason.code === "number";
}

function cannotContinue(reason: unknown): boolean {
  if (!Array.isArray(reason)) return false;
  return reason.some((error: { extensions?: { code?: unknown } }) =>
    ["CURSOR_EXPIRED", "CURSOR_INVALID"].includes(String(error.extensions?.code)),
  );
}

/** Waits, with jitter, or until the network is back or somebody looks at the page again. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, ms * (0.75 + Math.random() / 2));
    addEventListener("online", done);
    document.addEventListener("visibilitychange", done);
  });
}
