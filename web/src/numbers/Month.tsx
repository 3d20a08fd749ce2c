import { timeOfDay } from "../time.ts";
import { counted, type Counted, type Quota } from "./numbers.ts";
import { Curve } from "./Curve.tsx";

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "long" });

const SHORT_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** The conversations of the month: used, left, and where it is heading. */
export function MonthOfConversations({ quota }: { quota: Quota }) {
  const { limit, used, remaining, forecast } = quota;
  const share = limit === 0 ? 1 : used / limit;
  return (
    <section class="card month" aria-labelledby="month-title" data-testid="month">
      <h3 id="month-title">Conversations this month</h3>
      <p class="month-used">
        <strong data-testid="month-used">{used.toLocaleString("en")}</strong>
        <span class="muted">
          {" "}
          of {limit.toLocaleString("en")} used, {remaining.toLocaleString("en")} left until{" "}
          {DAY.format(new Date(quota.resetsAt))}, {timeOfDay(quota.resetsAt)}
        </span>
      </p>
      <p class={share >= 1 || forecast.exhaustedAt !== null ? "month-short" : "muted"} data-testid="month-forecast">
        {forecastWords(quota)}
      </p>
      <Curve quota={quota} entries={counted.value?.entries ?? []} />
      <Days entries={counted.value?.entries ?? []} isWhole={counted.value?.isWhole ?? true} />
      <p class="muted month-note">
        {quota.userInitiatedCounts
          ? "Conversations that contacts begin count too."
          : "Only conversations that you begin count; answering somebody who wrote is free."}
      </p>
    </section>
  );
}

function forecastWords({ limit, used, forecast }: Quota): string {
  if (used >= limit) return "They are used up: nothing that begins a conversation goes out until the month turns.";
  const heading = `Going on like this, ${forecast.projectedUse.toLocaleString("en")} by the month's end`;
  if (forecast.exhaustedAt === null) return `${heading}.`;
  return `${heading}: they would be used up on ${DAY.format(new Date(forecast.exhaustedAt))}.`;
}

/** The same as the curve, for whoever reads rather than looks. */
function Days({ entries, isWhole }: { entries: readonly Counted[]; isWhole: boolean }) {
  const days = byDay(entries);
  if (days.length === 0) return null;
  return (
    <details class="month-days">
      <summary>Day by day</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Conversations</th>
            <th scope="col">In total</th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ day, count, total }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{count.toLocaleString("en")}</td>
              <td>{total.toLocaleString("en")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!isWhole && <p class="muted">Only the first {entries.length.toLocaleString("en")} of the month are listed.</p>}
    </details>
  );
}

function byDay(entries: readonly Counted[]): { day: string; count: number; total: number }[] {
  const counts = new Map<string, number>();
  for (const { at, refundedAt } of entries) {
    if (refundedAt !== null) continue;
    const day = SHORT_DAY.format(new Date(at));
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  let total = 0;
  return [...counts].map(([day, count]) => ({ day, count, total: (total += count) }));
}
