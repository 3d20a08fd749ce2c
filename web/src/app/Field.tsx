import { useId } from "preact/hooks";

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  optional?: boolean;
  type?: "text" | "email" | "tel";
  inputMode?: "numeric";
  maxLength?: number;
  placeholder?: string;
  testId?: string;
}

export function Field({ label, value, onValue, hint, optional = false, type = "text", testId, ...given }: Props) {
  const id = useId();
  return (
    <label class="field">
      <span>
        {label}
        {optional && <span class="muted"> (optional)</span>}
      </span>
      {/* To Preact's types an input is one of its kinds, and never one of several. */}
      <input
        dir="auto"
        autocomplete="off"
        type={type as "text"}
        value={value}
        data-testid={testId}
        aria-describedby={hint ? id : undefined}
        {...given}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint && (
        <small class="muted" id={id}>
          {hint}
        </small>
      )}
    </label>
  );
}
