/** What became of a message we sent, as people know it from their phones. */

import { ClockIcon, DoubleTickIcon, QuestionIcon, TickIcon, WarningIcon } from "../app/icons.tsx";

export function Ticks({ status, title }: { status: string; title: string }) {
  return (
    <span class={`ticks ticks-${status.toLowerCase()}`} title={title}>
      <TickMark status={status.toUpperCase()} />
      <span class="visually-hidden">{title}</span>
    </span>
  );
}

function TickMark({ status }: { status: string }) {
  switch (status) {
    case "SENT":
      return <TickIcon />;
    case "DELIVERED":
    case "READ":
    case "PLAYED":
      return <DoubleTickIcon />;
    case "FAILED":
      return <WarningIcon />;
    case "UNKNOWN":
      return <QuestionIcon />;
    default:
      return <ClockIcon />;
  }
}
