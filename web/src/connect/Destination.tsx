import { destinationWord } from "../words.ts";
import { Field } from "../app/Field.tsx";
import { StepForm } from "./StepForm.tsx";
import { account, asksForPin, connect, enter, entered, number } from "./wizard.ts";

const KINDS = ["HELP_DESK", "INBOX"] as const;

export function Destination() {
  const { name, destination, pin } = entered.value;
  return (
    <StepForm title="Destination" back="terms" next="Connect the number" onNext={connect}>
      <p>
        <strong class="number">{number.value?.phoneNumber}</strong> of <span dir="auto">{account.value?.name}</span>
      </p>
      <fieldset class="choices">
        <legend class="visually-hidden">Where its conversations go</legend>
        {KINDS.map((kind) => (
          <label key={kind} class="choice">
            <input
              type="radio"
              name="destination"
              checked={destination === kind}
              onChange={() => enter({ destination: kind })}
            />
            <span>{destinationWord(kind)}</span>
          </label>
        ))}
      </fieldset>
      <Field
        label="What it is called here"
        hint="Only people of your organization see it"
        value={name ?? number.value?.displayName ?? ""}
        onValue={(name) => enter({ name })}
      />
      {asksForPin.value && (
        <Field
          label="PIN of the number"
          hint="Six digits that somebody set at WhatsApp Manager, under two-step verification"
          inputMode="numeric"
          maxLength={6}
          testId="pin"
          value={pin}
          onValue={(pin) => enter({ pin })}
        />
      )}
    </StepForm>
  );
}
