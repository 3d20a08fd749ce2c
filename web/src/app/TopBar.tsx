import { ask, forgetSignIn, hasLeft } from "../api.ts";
import { SignOutMutation } from "../documents.ts";
import { isAdministrator, viewer } from "../inbox/inbox.ts";
import { pane, screen, selectedThreadId, threadAddress } from "./router.ts";
import { hasPhones } from "../simulator/simulator.ts";
import { Avatar } from "./Avatar.tsx";
import { InboxIcon, LogoIcon, PhoneIcon } from "./icons.tsx";

export function TopBar() {
  const name = viewer.value?.user?.displayName ?? viewer.value?.apiKey?.name ?? "";
  return (
    <header class="top-bar">
      <LogoIcon />
      <h1 class="product">Deskline</h1>
      <p class="organization">{viewer.value?.organization.name}</p>
      {hasPhones.value && screen.value === "inbox" && <PaneSwitch />}
      {isAdministrator.value && <Screens />}
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

/** Only where the window is too narrow to show the phones beside the inbox. */
function PaneSwitch() {
  const isOnPhones = pane.value === "phones";
  const inbox = selectedThreadId.value === null ? "#/" : threadAddress(selectedThreadId.value);
  return (
    <nav class="pane-switch" aria-label="Inbox or phones">
      <a href={inbox} aria-current={isOnPhones ? undefined : "page"}>
        <InboxIcon /> Inbox
      </a>
      <a href="#/phones" aria-current={isOnPhones ? "page" : undefined}>
        <PhoneIcon /> Phones
      </a>
    </nav>
  );
}

/** What an administrator looks after. */
function Screens() {
  const isOnNumbers = screen.value !== "inbox";
  const inbox = selectedThreadId.value === null ? "#/" : threadAddress(selectedThreadId.value);
  return (
    <nav class="screens" aria-label="Screens">
      <a href={inbox} aria-current={isOnNumbers ? undefined : "page"} data-testid="to-inbox">
        Inbox
      </a>
      <a href="#/numbers" aria-current={isOnNumbers ? "page" : undefined} data-testid="to-numbers">
        Numbers
      </a>
    </nav>
  );
}

async function signOut(): Promise<void> {
  await ask(SignOutMutation, {}).catch(() => undefined);
  hasLeft.value = true;
  forgetSignIn("You are signed out.");
}
