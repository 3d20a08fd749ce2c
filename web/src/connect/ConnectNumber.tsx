import { useState } from "preact/hooks";
import { Code } from "./Code.tsx";
import { Field } from "../app/Field.tsx";
import { Problems, StepForm } from "./StepForm.tsx";
import { account, addNumber, enter, entered, go, number, type BusinessNumber } from "./wizard.ts";

/** Which number: one of the account's, or a new one, which is then reached by a code. */
export function ConnectNumber() {
  const numbers = account.value?.numbers ?? [];
  const [isAdding, setAdding] = useState(numbers.length === 0);
  return (
    <>
      <StepForm
        title="Number"
        back="profile"
        isReady={number.value?.connectable ?? false}
        onNext={() => go("terms")}
      >
        {numbers.length === 0 && <p class="muted">This account has no number yet. Add one below.</p>}
        <fieldset class="choices">
          <legend class="visually-hidden">Number</legend>
          {numbers.map((each) => (
            <NumberChoice key={each.phoneNumberId} each={each} />
          ))}
        </fieldset>
      </StepForm>
      {number.value?.refusal === "VERIFICATION_FAILED" && (
        <Code key={number.value.phoneNumberId} number={number.value} />
      )}
      {isAdding ? (
        <Adding onDone={() => setAdding(false)} />
      ) : (
        <button class="button step-more" type="button" data-testid="add-number" onClick={() => setAdding(true)}>
          Add another number to this account
        </button>
      )}
    </>
  );
}

function NumberChoice({ each }: { each: BusinessNumber }) {
  const { phoneNumberId: id, phoneNumber, displayName, connectable, refusal, hint } = each;
  // A number that only waits for its code is chosen to enter it.
  const mayBeChosen = connectable || refusal === "VERIFICATION_FAILED";
  return (
    <label class={`choice${mayBeChosen ? "" : " is-refused"}`} data-testid="number-choice">
      <input
        type="radio"
        name="number"
        disabled={!mayBeChosen}
        checked={entered.value.numberId === id}
        onChange={() => enter({ numberId: id })}
      />
      <span>
        <strong class="number">{phoneNumber}</strong> <span dir="auto">{displayName}</span>
        {hint && (
          <small class="choice-hint" data-testid="number-hint">
            {hint}
          </small>
        )}
      </span>
    </label>
  );
}

function Adding({ onDone }: { onDone: () => void }) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const { newNumber, newName } = entered.value;
  const add = async () => {
    setBusy(true);
    const refused = await addNumber();
    setBusy(false);
    setProblems(refused);
    if (refused.length === 0) onDone();
  };
  return (
    <form
      class="card step"
      aria-label="New number"
      data-testid="adding"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h3>New number</h3>
      <p class="muted">It must be able to receive a text message or a call now.</p>
      <Field
        label="Phone number"
        hint="With its country code, such as +48 601 234 567"
        type="tel"
        testId="new-number"
        value={newNumber}
        onValue={(newNumber) => enter({ newNumber })}
      />
      <Field
        label="Name that people see"
        hint="It has to fit the business; WhatsApp reviews it"
        testId="new-name"
        value={newName}
        onValue={(newName) => enter({ newName })}
      />
      <Problems problems={problems} />
      <div class="step-foot">
        <button
          class="button button-primary"
          type="submit"
          data-testid="add-number-now"
          disabled={isBusy || newNumber.trim() === "" || newName.trim() === ""}
        >
          {isBusy ? "One moment…" : "Add this number"}
        </button>
      </div>
    </form>
  );
}
