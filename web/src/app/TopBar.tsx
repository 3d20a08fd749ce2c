import { ask, forgetSignIn, hasLeft } from "../api.ts";
import { SignOutMutation } from "../documents.ts";
import { isAdministrator, viewer } from "../inbox/inbox.ts";
import { pane, screen, selectedThreadId, threadAddress } from "./router.ts";
import { hasPhones } from "../simulator/simulator.ts";
import { Avatar } from "./Avatar.tsx";
import { LogoIcon } from "./icons.tsx";

export function TopBar() {
  const name = viewer.value?.user?.displayName ?? viewer.value?.apiKey?.name ?? "";
  return (
    <header class="top-bar">
      <LogoIcon />
      <h1 class="product">Deskline</h1>
      <p class="organization">{viewer.value?.organization.name}</p>
      {(hasPhones.value || isAdministrator.value) && <Screens />}
      <div class="top-bar-person">
        {name && <Avatar name={name} seed={name} small />}
        <span class="person-name">{name}</span>
        <button class="button button-quiet" type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </header>
  );
}

/** The phones are a place of their own only where the window is too narrow to show them beside the inbox. */
function Screens() {
  const isOnNumbers = screen.value !== "inbox";
  const isOnPhones = !isOnNumbers && pane.value === "phones";
  const inbox = selectedThreadId.value === null ? "#/" : threadAddress(selectedThreadId.value);
  const current = (is: boolean) => (is ? "page" : undefined);
  return (
    <nav class={`screens${isAdministrator.value ? "" : " screens-of-demo"}`} aria-label="Screens">
      <a href={inbox} aria-current={current(!isOnNumbers && !isOnPhones)} data-testid="to-inbox">
        Inbox
      </a>
      {hasPhones.value && (
        <a class="to-phones" href="#/phones" aria-current={current(isOnPhones)} data-testid="to-phones">
          Phones
        </a>
      )}
      {isAdministrator.value && (
        <a href="#/numbers" aria-current={current(isOnNumbers)} data-testid="to-numbers">
          Numbers
        </a>
      )}
    </nav>
  );
}

async function signOut(): Promise<void> {
  await ask(SignOutMutation, {}).catch(() => undefined);
  hasLeft.value = true;
  forgetSignIn("You are signed out.");
}
