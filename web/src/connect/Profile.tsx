import { Field } from "../app/Field.tsx";
import { TradeSelect } from "../app/TradeSelect.tsx";
import { StepForm } from "./StepForm.tsx";
import { enter, entered, go } from "./wizard.ts";

/** What people see of the business; whatever is left empty stays as it is at WhatsApp. */
export function Profile() {
  const { category, about, description, email, website, address } = entered.value;
  return (
    <StepForm title="Profile" back="account" onNext={() => go("number")}>
      <p class="muted">People see it in WhatsApp beside the number's name. What you leave empty stays as it is there.</p>
      <TradeSelect optional value={category} onValue={(category) => enter({ category })} />
      <Field label="About" optional maxLength={139} value={about} onValue={(about) => enter({ about })} />
      <Field label="Description" optional maxLength={512} value={description} onValue={(description) => enter({ description })} />
      <Field label="Email" optional type="email" maxLength={128} value={email} onValue={(email) => enter({ email })} />
      <Field
        label="Websites"
        hint="At most two, each beginning with https://"
        optional
        value={website}
        onValue={(website) => enter({ website })}
      />
      <Field label="Address" optional maxLength={256} value={address} onValue={(address) => enter({ address })} />
    </StepForm>
  );
}
