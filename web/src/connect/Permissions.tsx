import { StepForm } from "./StepForm.tsx";
import { draft, go, lacksPermission } from "./wizard.ts";

const MEANINGS: Record<string, string> = {
  whatsapp_business_management: "Look after the account, its numbers and templates",
  whatsapp_business_messaging: "Send and receive the account's messages",
};

export function Permissions() {
  const permissions = draft.value?.permissions ?? [];
  const extra = permissions.filter(({ required }) => !required);
  return (
    <StepForm
      title="Permissions"
      back="sign-in"
      isReady={!lacksPermission.value}
      onNext={() => go("account")}
    >
      <ul class="permissions">
        {permissions
          .filter(({ required }) => required)
          .map(({ name, granted }) => (
            <li key={name} data-testid="permission">
              <span class={`chip ${granted ? "prerequisite-met" : "prerequisite-missing"}`}>
                {granted ? "Granted" : "Missing"}
              </span>
              <span>
                {MEANINGS[name] ?? name}
                <small class="muted">{name}</small>
              </span>
            </li>
          ))}
      </ul>
      {extra.length > 0 && <p class="muted">Granted too, and not needed: {extra.map(({ name }) => name).join(", ")}.</p>}
      {lacksPermission.value && (
        <p class="problem">
          Sign in again as an administrator of the business and leave both permissions ticked, or paste a token that has
          both.
        </p>
      )}
    </StepForm>
  );
}
