import { useEffect, useState } from "preact/hooks";
import type { Filled, Verdict } from "./send.ts";
import type { Destination } from "./TemplateForm.tsx";

const FORESEEN_AFTER_MS = 300;

/** What sending it as it is filled in would come to; null while a blank is empty or nothing is known. */
export function useVerdict(destination: Destination, filled: Filled): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const asked = JSON.stringify(filled);
  const isWhole = filled.parameters.every(({ value }) => value !== "");
  useEffect(() => {
    setVerdict(null);
    if (!isWhole) return;
    let isStale = false;
    const later = setTimeout(() => {
      // Without an answer there is no hint; the send says what is wrong.
      destination.foresee(JSON.parse(asked) as Filled).then(
        (told) => !isStale && setVerdict(told),
        () => undefined,
      );
    }, FORESEEN_AFTER_MS);
    return () => {
      isStale = true;
      clearTimeout(later);
    };
  }, [asked, isWhole, destination.to]);
  return verdict;
}

export function Foreseen({ verdict }: { verdict: Verdict | null }) {
  const told = verdict && (verdict.problems.length > 0 ? verdict.problems.join(" ") : priceOf(verdict));
  return (
    <p class="muted" role="status" data-testid="template-verdict">
      {told}
    </p>
  );
}

function priceOf({ takesConversation }: Verdict): string {
  return takesConversation ? "Takes one of this month's conversations." : "Takes none of this month's conversations.";
}
