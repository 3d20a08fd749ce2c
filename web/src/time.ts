/** Instants as people read them, and the one clock that the page ticks by. */

import { computed, signal } from "@preact/signals";
import { clockSkewMs } from "./api.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds since 1970 by the server's clock, once a second. */
export const now = signal(Date.now());

/** The same in whole minutes, for what need not move every second. */
export const thisMinute = computed(() => Math.floor(now.value / MINUTE) * MINUTE);

export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === "visible") now.value = Date.now() + clockSkewMs.value;
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    now.value = Date.now() + clockSkewMs.value;
  });
}

/** Orders RFC 3339 UTC instants, below the millisecond too. */
export function compareInstants(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b) || compareText(fraction(a), fraction(b));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function fraction(instant: string): string {
  return (/\.(\d+)/.exec(instant)?.[1] ?? "").padEnd(9, "0");
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "long" });
const date = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const dateOfYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const moment = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const full = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium" });

export function timeOfDay(instant: string): string {
  return clock.format(new Date(instant));
}

export function fullTime(instant: string): string {
  return full.format(new Date(instant));
}

/** `Dec 1, 2026, 3:55 AM`. */
export function dateAndTime(instant: string): string {
  return moment.format(new Date(instant));
}

/** For a list: the time today, then the day, then the date. */
export function shortTime(instant: string, nowMs: number): string {
  const day = dayName(instant, nowMs);
  return day === "Today" ? timeOfDay(instant) : day;
}

/** Today, Yesterday, Monday, 3 Nov, 3 Nov 2025. */
export function dayName(instant: string, nowMs: number): string {
  const then = new Date(instant);
  const daysAgo = Math.round((startOfDay(new Date(nowMs)) - startOfDay(then)) / DAY);
  if (daysAgo === 0) return "Today";
  if (daysAgo === 1) return "Yesterday";
  if (daysAgo > 1 && daysAgo < 7) return weekday.format(then);
  return then.getFullYear() === new Date(nowMs).getFullYear() ? date.format(then) : dateOfYear.format(then);
}

export function isSameDay(a: string, b: string): boolean {
  return startOfDay(new Date(a)) === startOfDay(new Date(b));
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** `23 h 59 min` while there is time, `00:59:59` in the last hour. */
export function countdown(leftMs: number): string {
  if (leftMs >= HOUR) return `${Math.floor(leftMs / HOUR)} h ${Math.floor((leftMs % HOUR) / MINUTE)} min`;
  const seconds = Math.max(0, Math.floor(leftMs / 1000));
  return `00:${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
