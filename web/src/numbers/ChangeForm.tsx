import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { changeNumber, type BusinessChannel, type Change } from "./numbers.ts";

interface Props {
  channel: BusinessChannel;
  title: string;
  /** What is asked for; without anything there is nothing to save. */
  change: Change;
  saved?: string;
  onSaved?: () => void;
  onCancel?: () => void;
  children: ComponentChildren;
}

/** Fields of a number that are saved together, what was refused, and that it was done. */
export function ChangeForm({ channel, title, change, saved = "Saved.", onSaved, onCancel, children }: Props) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const isNothing = Object.keys(change).length === 0;
  const save = async () => {
    setBusy(true);
    setSaved(false);
    const refused = await changeNumber(channel.id, change);
    setBusy(false);
    setProblems(refused);
    setSaved(refused.length === 0);
    if (refused.length === 0) onSaved?.();
  };
  return (
    <form
      class="change-form"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isNothing) void save();
      }}
    >
      {children}
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="change-problem">
            {problem}
          </p>
        ))}
      </div>
      <div class="change-foot">
        <button class="button button-primary" type="submit" data-testid="save" disabled={isBusy || isNothing}>
          {isBusy ? "Saving…" : "Save"}
        </button>
        {onCancel && (
          <button class="button" type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <span class="change-saved" role="status">
          {isSaved && isNothing && saved}
        </span>
      </div>
    </form>
  );
}
