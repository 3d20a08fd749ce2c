import { useState } from "preact/hooks";
import { Problems, StepForm } from "./StepForm.tsx";
import { enter, entered, prerequisites, signInAtMeta, signInWithToken } from "./wizard.ts";

const STATES = { MET: "In place", MISSING: "Missing", UNCHECKED: "Check it yourself" };

/** Two ways to a token: at Meta, by redirect, or one that somebody made there. */
export function SignIn() {
  const [problems, setProblems] = useState(() => refusedAtMeta());
  const [isLeaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    setProblems(await signInAtMeta());
    setLeaving(false);
  };
  return (
    <>
      <section class="card" aria-labelledby="meta-title">
        <h3 id="meta-title">Sign in at Meta</h3>
        <p class="muted">
          Meta asks for your business and its WhatsApp account, or makes one, and brings you back here. Nothing is
          connected before the last step.
        </p>
        <Problems problems={problems} />
        <button
          class="button button-primary"
          type="button"
          data-testid="sign-in-at-meta"
          disabled={isLeaving}
          onClick={() => void leave()}
        >
          {isLeaving ? "One moment…" : "Continue to Meta"}
        </button>
      </section>
      <StepForm
        title="Or paste an access token"
        next="Use this token"
        isReady={entered.value.token.trim() !== ""}
        onNext={signInWithToken}
      >
        <p class="muted">
          One of a system user of your business, with whatsapp_business_management and whatsapp_business_messaging.
        </p>
        <label class="field">
          <span>Access token</span>
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            data-testid="token"
            value={entered.value.token}
            onInput={(event) => enter({ token: event.currentTarget.value })}
          />
        </label>
      </StepForm>
      <Prerequisites />
    </>
  );
}

function Prerequisites() {
  if (prerequisites.value.length === 0) return null;
  return (
    <section class="card" aria-labelledby="prerequisites-title">
      <h3 id="prerequisites-title">What has to be in place</h3>
      <ul class="prerequisites">
        {prerequisites.value.map(({ name, description, state }) => (
          <li key={name}>
            <strong>{name}</strong>
            <span class={`chip prerequisite-${state.toLowerCase()}`}>{STATES[state]}</span>
            <p class="muted">{description}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the server wrote into the address where a sign-in at Meta came to nothing. */
function refusedAtMeta(): string[] {
  const code = new URLSearchParams(location.hash.split("?")[1] ?? "").get("refused");
  switch (code) {
    case null:
      return [];
    case "FORBIDDEN":
      return ["You may not connect numbers any more. Ask an administrator."];
    case "TRY_LATER":
    case "CHANNEL_UNAVAILABLE":
      return ["Meta can't be reached right now. Try again in a minute."];
    default:
      return ["The sign-in at Meta was broken off, or took longer than it may. Sign in again."];
  }
}
