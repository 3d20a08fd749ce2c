/** Links to files: short-lived, and kept as long as they hold, so that what is shown is not loaded anew. */

import type { Content } from "../documents.ts";

export type Media = Extract<Content, { __typename: "MediaContent" }>["media"];

const SPARE_MS = 60 * 1000;
const links = new Map<string, { url: string; untilMs: number }>();

/** The file's address on this server, the same one while it still holds; null until its bytes are there. */
export function addressOf(media: Media): string | null {
  if (media.url === null || media.urlExpiresAt === null) return null;
  const known = links.get(media.id);
  if (known && known.untilMs > Date.now()) return known.url;
  const fresh = { url: hereabouts(media.url), untilMs: Date.parse(media.urlExpiresAt) - SPARE_MS };
  links.set(media.id, fresh);
  return fresh.url;
}

/** The page speaks to the server it came from, by whichever name that was reached. */
export function hereabouts(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

export function size(bytes: number | null): string {
  if (bytes === null) return "";
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
