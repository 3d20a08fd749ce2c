import { useEffect, useRef, useState } from "preact/hooks";
import { countdown, now } from "../time.ts";
import { Field } from "../app/Field.tsx";
import { Problems } from "./StepForm.tsx";
import { requestCode, verifyCode, type BusinessNumber, type StepOutcome } from "./wizard.ts";

const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
  ["es", "Español"],
  ["fr", "Français"],
  ["it", "Italiano"],
  ["nl", "Nederlands"],
  ["pl", "Polski"],
  ["pt_BR", "Português"],
  ["tr", "Türkçe"],
  ["ar", "العربية"],
  ["hi", "हिन्दी"],
  ["id", "Indonesia"],
] as const;

/** A code goes to the number, and whoever has it types it here. */
export function Code({ number: { phoneNumber, phoneNumberId } }: { number: BusinessNumber }) {
  const [method, setMethod] = useState<"SMS" | "VOICE">("SMS");
  const [language, setLanguage] = useState("en");
  const [code, setCode] = useState("");
  const [wasSent, setSent] = useState(false);
  const [outcome, setOutcome] = useState<StepOutcome>({ problems: [] });
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    if (wasSent) field.current?.querySelector("input")?.focus();
  }, [wasSent]);

  const waitMs = outcome.retryAt ? Date.parse(outcome.retryAt) - now.value : 0;
  const attempt = async (ask: () => Promise<StepOutcome>) => {
    setBusy(true);
    const came = await ask();
    setBusy(false);
    setOutcome(came);
    return came.problems.length === 0;
  };
  const send = async () => {
    if (await attempt(() => requestCode(phoneNumberId, method, language))) setSent(true);
  };
  const check = async () => {
    if (!(await attempt(() => verifyCode(phoneNumberId, code)))) setCode("");
  };
  return (
    <form
      class="card step"
      aria-label="Code"
      data-testid="code-form"
      onSubmit={(event) => {
        event.preventDefault();
        void (wasSent && code !== "" ? check() : send());
      }}
    >
      <h3>Code for {phoneNumber}</h3>
      <p class="muted">WhatsApp sends six digits to the number, to see that it is yours.</p>
      <div class="code-ways">
        <label class="field">
          <span>How</span>
          <select value={method} onChange={(event) => setMethod(event.currentTarget.value === "VOICE" ? "VOICE" : "SMS")}>
            <option value="SMS">Text message</option>
            <option value="VOICE">Call</option>
          </select>
        </label>
        <label class="field">
          <span>Language</span>
          <select value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
            {LANGUAGES.map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag.replace("_", "-")}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {wasSent && (
        <fieldset ref={field} class="code-field">
          <Field
            label="Code"
            inputMode="numeric"
            maxLength={7}
            placeholder="6 digits"
            testId="code"
            value={code}
            onValue={(value) => setCode(value.replace(/\D/g, "").slice(0, 6))}
          />
        </fieldset>
      )}
      <Problems problems={outcome.problems} />
      <p class="muted" role="status" data-testid="code-limits">
        {waitMs > 0 && `Another code can be asked for in ${countdown(waitMs)}. `}
        {typeof outcome.attemptsLeft === "number" &&
          `${outcome.attemptsLeft} ${outcome.attemptsLeft === 1 ? "try" : "tries"} left.`}
      </p>
      <div class="step-foot">
        <button
          class={`button${wasSent ? "" : " button-primary"}`}
          type="button"
          data-testid="send-code"
          disabled={isBusy || waitMs > 0}
          onClick={() => void send()}
        >
          {wasSent ? "Send another code" : "Send the code"}
        </button>
        {wasSent && (
          <button
            class="button button-primary"
            type="submit"
            data-testid="check-code"
            disabled={isBusy || code.length !== 6}
          >
            Check the code
          </button>
        )}
      </div>
    </form>
  );
}
