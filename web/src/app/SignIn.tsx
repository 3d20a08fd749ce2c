import { useRef, useState } from "preact/hooks";
import { ask, explain, signedOutReason, signInWith } from "../api.ts";
import { SignInMutation } from "../documents.ts";
import { demo, findDemo } from "../simulator/simulator.ts";
import { LogoIcon } from "./icons.tsx";

async function backToDemo(): Promise<void> {
  const running = await findDemo();
  if (running) signInWith(running.token);
}

export function SignIn() {
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem("");
    setBusy(true);
    try {
      const input = { email: email.current?.value.trim() ?? "", password: password.current?.value ?? "" };
      const { signIn } = await ask(SignInMutation, { input });
      if (signIn.token !== null) return signInWith(signIn.token);
      setProblem(signIn.userErrors[0]?.message ?? "That email address and password do not belong together.");
    } catch (error) {
      setProblem(explain(error));
    }
    setBusy(false);
    password.current?.select();
  };

  return (
    <main class="sign-in">
      <form class="sign-in-card" onSubmit={(event) => void submit(event)} data-testid="sign-in">
        <LogoIcon />
        <h1>Sign in to Deskline</h1>
        <p class="muted">{signedOutReason.value || "Your conversations are waiting for you."}</p>
        <label class="field">
          <span>Email</span>
          <input ref={email} type="email" name="email" autocomplete="username" required autofocus />
        </label>
        <label class="field">
          <span>Password</span>
          <input ref={password} type="password" name="password" autocomplete="current-password" required />
        </label>
        <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
        <button class="button button-primary button-wide" type="submit" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
        {demo.value && (
          <button class="button button-wide" type="button" onClick={() => void backToDemo()}>
            Back to the demo
          </button>
        )}
      </form>
    </main>
  );
}
