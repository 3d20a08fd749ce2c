import { thisMinute } from "../time.ts";
import type { Counted, Quota } from "./numbers.ts";

const WIDTH = 640;
const HEIGHT = 180;
const SIDES = 6;
const TOP = 34;
const BOTTOM = 34;

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** What was used, day by day, and from now on as forecast, below the line of the limit. The table beside says the same. */
export function Curve({ quota, entries }: { quota: Quota; entries: readonly Counted[] }) {
  const [from, to] = [Date.parse(quota.periodStart), Date.parse(quota.resetsAt)];
  const now = Math.min(to, Math.max(from, thisMinute.value));
  const most = Math.max(quota.limit, quota.used, quota.forecast.projectedUse, 1);
  const x = (at: number) => SIDES + ((at - from) / (to - from)) * (WIDTH - 2 * SIDES);
  const y = (count: number) => HEIGHT - BOTTOM - (count / most) * (HEIGHT - TOP - BOTTOM);

  const used = steps(entries, from).map(([at, count]) => `L${x(at).toFixed(1)} ${y(count).toFixed(1)}`);
  const here = `${x(now).toFixed(1)} ${y(quota.used).toFixed(1)}`;
  const line = `M${x(from)} ${y(0)}${used.join("")}L${here}`;
  const middle = from + (to - from) / 2;
  return (
    <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={inWords(quota)} data-testid="curve">
      <path class="curve-axis" d={`M${SIDES} ${y(0)}H${WIDTH - SIDES}`} />
      <path class="curve-limit" d={`M${SIDES} ${y(quota.limit)}H${WIDTH - SIDES}`} />
      <path class="curve-area" d={`${line}V${y(0)}Z`} />
      <path class="curve-forecast" d={`M${here}L${x(to).toFixed(1)} ${y(quota.forecast.projectedUse).toFixed(1)}`} />
      <path class="curve-used" d={line} />
      <circle class="curve-now" cx={x(now)} cy={y(quota.used)} r="4" />
      <g class="curve-words" aria-hidden="true">
        <text x={SIDES} y={y(quota.limit) - 7}>
          {quota.limit.toLocaleString("en")}
        </text>
        <text x={SIDES} y={HEIGHT - 8}>
          {DAY.format(from)}
        </text>
        <text class="curve-middle" x={x(middle)} y={HEIGHT - 8} text-anchor="middle">
          {DAY.format(middle)}
        </text>
        <text x={WIDTH - SIDES} y={HEIGHT - 8} text-anchor="end">
          {DAY.format(to)}
        </text>
      </g>
    </svg>
  );
}

/** How many counted at each moment at which one did, without those that were given back. */
function steps(entries: readonly Counted[], from: number): [number, number][] {
  const times = entries.filter(({ refundedAt }) => refundedAt === null).map(({ at }) => Math.max(from, Date.parse(at)));
  return times.sort((a, b) => a - b).map((at, before) => [at, before + 1]);
}

function inWords({ used, limit, forecast }: Quota): string {
  return `Conversations used so far: ${used} of ${limit}. Forecast for the month's end: ${forecast.projectedUse}.`;
}
