import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { go, type Step } from "./wizard.ts";

interface Props {
  title: string;
  children: ComponentChildren;
  back?: Step;
  /** Goes on, or says what was refused. */
  onNext: () => Promise<string[]> | void;
  next?: string;
  isReady?: boolean;
}

/** One step: a heading that takes the focus, its fields, what was refused, and the ways on and back. */
export function StepForm({ title, children, back, onNext, next = "Continue", isReady = true }: Props) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const goOn = async () => {
    setProblems([]);
    setBusy(true);
    setProblems((await onNext()) ?? []);
    setBusy(false);
  };
  return (
    <form
      class="card step"
      data-testid="step"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        void goOn();
      }}
    >
      <h3 ref={heading} tabIndex={-1}>
        {title}
      </h3>
      {children}
      <Problems problems={problems} />
      <div class="step-foot">
        {back && (
          <button class="button" type="button" data-testid="step-back" onClick={() => go(back)}>
            Back
          </button>
        )}
        <button class="button button-primary" type="submit" data-testid="step-next" disabled={isBusy || !isReady}>
          {isBusy ? "One moment…" : next}
        </button>
      </div>
    </form>
  );
}

export function Problems({ problems }: { problems: readonly string[] }) {
  return (
    <div role="alert">
      {problems.map((problem) => (
        <p class="problem" key={problem} data-testid="step-problem">
          {problem}
        </p>
      ))}
    </div>
  );
}
