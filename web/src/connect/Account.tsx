import { StepForm } from "./StepForm.tsx";
import { account, draft, enter, entered, go } from "./wizard.ts";

export function Account() {
  const accounts = draft.value?.businessAccounts ?? [];
  return (
    <StepForm title="WhatsApp account" back="permissions" isReady={account.value !== undefined} onNext={() => go("profile")}>
      {accounts.length === 0 && (
        <p class="problem">
          This sign-in reaches no WhatsApp account. Sign in again and choose one, or give the system user access to it.
        </p>
      )}
      <fieldset class="choices">
        <legend class="visually-hidden">Account</legend>
        {accounts.map(({ id, name, verified, numbers, numbersLeft }) => (
          <label key={id} class="choice">
            <input
              type="radio"
              name="account"
              checked={entered.value.accountId === id}
              onChange={() => enter({ accountId: id, numberId: "" })}
            />
            <span>
              <strong dir="auto">{name || id}</strong>
              <small class="muted">
                {verified ? "Verified business" : "Business not verified yet: 50 conversations begun in 24 hours"} ·{" "}
                {numbers.length === 1 ? "1 number" : `${numbers.length} numbers`} · room for {numbersLeft} more here
              </small>
            </span>
          </label>
        ))}
      </fieldset>
    </StepForm>
  );
}
