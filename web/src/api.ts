/** Asking the API over HTTP: who is signed in, one request at a time, and what can go wrong with it. */

import { print } from "@0no-co/graphql.web";
import { signal } from "@preact/signals";
import type { TadaDocumentNode } from "./graphql.ts";

const TOKEN_KEY = "deskline.token";

export const token = signal<string | null>(sessionStorage.getItem(TOKEN_KEY));

/** Why the sign-in form is shown again, in a sentence; empty for a first visit. */
export const signedOutReason = signal("");

/** Whether the person signed out, rather than being signed out. */
export const hasLeft = signal(false);

/** Milliseconds this computer's clock is behind the server's. */
export const clockSkewMs = signal(0);

/** The request was answered, and the answer is no. `code` is the contract's `extensions.code`. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** The request may or may not have arrived; nothing came back. */
export class NetworkError extends Error {}

export function signInWith(newToken: string): void {
  sessionStorage.setItem(TOKEN_KEY, newToken);
  signedOutReason.value = "";
  hasLeft.value = false;
  token.value = newToken;
}

export function forgetSignIn(reason: string): void {
  sessionStorage.removeItem(TOKEN_KEY);
  signedOutReason.value = reason;
  token.value = null;
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** One query or mutation; throws ApiError or NetworkError. A sign-in that ended leads back to the form. */
export async function ask<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const asked = token.value;
  const response = await post(JSON.stringify({ query: print(document), variables }), asked);
  if (response.status === 401 && asked !== null) {
    if (token.value === asked) forgetSignIn("Your sign-in has ended. Please sign in again.");
    throw new ApiError("Your sign-in has ended.", "UNAUTHENTICATED");
  }
  noteServerClock(response);
  const answer = await readAnswer<Data>(response);
  const error = answer.errors?.[0];
  if (error) throw new ApiError(error.message, error.extensions?.code ?? "INTERNAL");
  if (!answer.data) throw new ApiError("The server's answer was empty.", "INTERNAL");
  return answer.data;
}

/** A sentence for the person at the screen. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof NetworkError) return "The server can't be reached right now.";
  return "Something went wrong on this page. Reloading it usually helps.";
}

async function post(body: string, bearer: string | null): Promise<Response> {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
  if (bearer !== null) headers["authorization"] = `Bearer ${bearer}`;
  try {
    return await fetch("/graphql", { method: "POST", headers, body });
  } catch {
    throw new NetworkError("no answer");
  }
}

async function readAnswer<Data>(response: Response): Promise<Answer<Data>> {
  try {
    return (await response.json()) as Answer<Data>;
  } catch {
    if (response.status >= 500) throw new NetworkError(`status ${response.status}`);
    throw new ApiError("The server's answer could not be read.", "INTERNAL");
  }
}

function noteServerClock(response: Response): void {
  const told = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(told)) return;
  const skew = told - Date.now();
  // The header has whole seconds and the answer travelled: less than this is noise.
  clockSkewMs.value = Math.abs(skew) > 3000 ? skew : 0;
}
