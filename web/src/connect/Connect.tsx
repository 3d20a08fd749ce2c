import { useEffect, useState } from "preact/hooks";
import { isAdministrator, viewer } from "../inbox/inbox.ts";
import { place } from "../app/router.ts";
import { Account } from "./Account.tsx";
import { ConnectNumber } from "./ConnectNumber.tsx";
import { Destination } from "./Destination.tsx";
import { Permissions } from "./Permissions.tsx";
import { Profile } from "./Profile.tsx";
import { SignIn } from "./SignIn.tsx";
import { Problems } from "./StepForm.tsx";
import { TermsStep } from "./TermsStep.tsx";
import { draft, loadConnecting, loadDraft, step, STEPS, type Step } from "./wizard.ts";
import "../numbers/numbers.css";
import "./connect.css";

const TITLES: Record<Step, string> = {
  "sign-in": "Sign in",
  permissions: "Permissions",
  account: "Account",
  profile: "Profile",
  number: "Number",
  terms: "Terms",
  destination: "Destination",
};

const VIEWS: Record<Step, () => preact.JSX.Element> = {
  "sign-in": SignIn,
  permissions: Permissions,
  account: Account,
  profile: Profile,
  number: ConnectNumber,
  terms: TermsStep,
  destination: Destination,
};

/** From a sign-in to a number that works, a step a page. */
export default function Connect() {
  const [problems, setProblems] = useState<string[]>([]);
  const [isLoading, setLoading] = useState(true);
  const wanted = place.value[0];
  useEffect(() => {
    void loadConnecting().then(setProblems);
  }, []);
  useEffect(() => {
    const isKnown = wanted === undefined || wanted === draft.peek()?.id;
    setLoading(!isKnown);
    if (isKnown || wanted === undefined) return;
    void loadDraft(wanted).then((refused) => {
      setProblems(refused);
      setLoading(false);
    });
  }, [wanted]);

  const View = VIEWS[step.value];
  return (
    <main class="settings" id="settings" tabIndex={-1} data-testid="connect">
      <div class="settings-page">
        <a class="settings-back" href="#/numbers">
          ‹ Numbers
        </a>
        <div class="settings-head">
          <h2>Connect a WhatsApp number</h2>
        </div>
        {viewer.value !== null && !isAdministrator.value ? (
          <p class="muted">Numbers are connected by administrators.</p>
        ) : (
          <>
            <Steps />
            <Problems problems={problems} />
            {isLoading ? <p class="muted">Loading…</p> : <View key={step.value} />}
          </>
        )}
      </div>
    </main>
  );
}

/** Where one is. Going back is by the steps' own buttons, or the browser's. */
function Steps() {
  const at = STEPS.indexOf(step.value);
  return (
    <ol class="steps" aria-label="Steps">
      {STEPS.map((each, place) => (
        <li key={each} class={place < at ? "is-done" : ""} aria-current={place === at ? "step" : undefined}>
          <span>{TITLES[each]}</span>
        </li>
      ))}
    </ol>
  );
}
