import { StepForm } from "./StepForm.tsx";
import { enter, entered, go, terms } from "./wizard.ts";

export function TermsStep() {
  const shown = terms.value;
  const isAgreed = shown !== null && entered.value.agreedTo === shown.version;
  return (
    <StepForm title="Terms" back="number" isReady={isAgreed} onNext={() => go("destination")}>
      {shown && (
        <>
          <p class="terms" data-testid="terms">
            {shown.text}
          </p>
          <p>
            <a class="link" href={shown.url} target="_blank" rel="noreferrer">
              WhatsApp's business terms
            </a>{" "}
            <span class="muted">(opens in a new tab). Version {shown.version}.</span>
          </p>
          <label class="tick">
            <input
              type="checkbox"
              data-testid="agree"
              checked={isAgreed}
              onChange={(event) => enter({ agreedTo: event.currentTarget.checked ? shown.version : "" })}
            />
            <span>I agree to these terms for my organization</span>
          </label>
        </>
      )}
    </StepForm>
  );
}
