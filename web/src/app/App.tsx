import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { markRead } from "../conversation/threads.ts";
import { clearChannels, loadChannels } from "../numbers/channels.ts";
import { hasLeft, signInWith, token } from "../api.ts";
import {
  announcement,
  applyEvent,
  clearInbox,
  closeConversation,
  conversation,
  listed,
  loadInbox,
  loadUsers,
  mayWrite,
  openConversation,
  selectedThread,
} from "../inbox/inbox.ts";
import { listen } from "../inbox/live.ts";
import { pane, screen, selectedThreadId } from "./router.ts";
import { demo, findDemo, hasPhones } from "../simulator/simulator.ts";
import { now } from "../time.ts";
import { ChannelBanner } from "./ChannelBanner.tsx";
import { ConnectionNotice } from "./ConnectionNotice.tsx";
import { ConversationPane } from "../conversation/ConversationPane.tsx";
import { Phones } from "../simulator/Phones.tsx";
import { SignIn } from "./SignIn.tsx";
import { Lazily } from "./Lazily.tsx";
import { ThreadList } from "../inbox/ThreadList.tsx";
import { TopBar } from "./TopBar.tsx";

const SCREENS = {
  numbers: () => import("../numbers/Numbers.tsx"),
  connect: () => import("../connect/Connect.tsx"),
};

export function App() {
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    void findDemo().then((running) => {
      // A token kept from before belongs to an earlier run of the demo.
      if (running) signInWith(running.token);
      setReady(true);
    });
  }, []);

  const isSignedIn = token.value !== null;
  useEffect(() => {
    if (isReady && !isSignedIn && !hasLeft.value) void followRestartedDemo();
  }, [isReady, isSignedIn]);

  if (!isReady) return null;
  return token.value === null ? <SignIn /> : <Desk key={token.value} />;
}

/** A demo that was started again knows other tokens; whoever looks on should not have to sign in for that. */
async function followRestartedDemo(): Promise<void> {
  const before = demo.value?.token;
  if (before === undefined) return;
  const running = await findDemo();
  if (running && running.token !== before) signInWith(running.token);
}

function Desk() {
  useEffect(workTheDesk, []);
  return (
    <>
      {screen.value === "inbox" && (
        <a class="skip-link" href="#conversation" onClick={skipToConversation}>
          Skip to the conversation
        </a>
      )}
      <div class={`desk desk-${pane.value}${hasPhones.value ? " desk-with-phones" : ""}`}>
        <TopBar />
        <ConnectionNotice />
        <ChannelBanner />
        {screen.value === "inbox" ? <Inbox /> : <Lazily key={screen.value} screen={SCREENS[screen.value]} given={{}} />}
      </div>
      <div class="visually-hidden" aria-live="polite" data-testid="announcer">
        {announcement.value}
      </div>
    </>
  );
}

function Inbox() {
  return (
    <main class="desk-panes">
      <ThreadList />
      <ConversationPane />
      {hasPhones.value && <Phones />}
    </main>
  );
}

function skipToConversation(event: Event): void {
  event.preventDefault();
  document.getElementById("conversation")?.focus();
}

/** Reads the inbox, then listens from where that reading stood, until the person signs out. */
function workTheDesk(): () => void {
  let isOver = false;
  const endings: (() => void)[] = [];

  const begin = async () => {
    const cursor = await loadInbox();
    if (isOver) return;
    if (cursor === null) {
      const retry = setTimeout(() => void begin(), 3000);
      endings.push(() => clearTimeout(retry));
      return;
    }
    endings.push(listen(cursor, { onEvent: applyEvent, onLost: readAgain }));
    void loadUsers().catch(() => undefined);
    void loadChannels();
  };
  void begin();

  endings.push(effect(followSelection));
  endings.push(effect(markWhatIsSeen));
  endings.push(effect(countInTitle));
  return () => {
    isOver = true;
    endings.forEach((end) => end());
    clearInbox();
    clearChannels();
  };
}

async function readAgain(): Promise<string | null> {
  const cursor = await loadInbox();
  const open = selectedThreadId.peek();
  if (cursor !== null) void loadChannels();
  if (cursor !== null && open !== null) await openConversation(open);
  return cursor;
}

function followSelection(): void {
  const threadId = selectedThreadId.value;
  queueMicrotask(() => {
    if (threadId === null) closeConversation();
    else void openConversation(threadId);
  });
}

let markedUpTo = "";

function markWhatIsSeen(): void {
  void now.value; // somebody may come back to a page that was out of sight
  const open = conversation.value;
  const newest = open?.messages.at(-1);
  const unread = selectedThread.value?.unreadCount ?? 0;
  if (!open || open.phase !== "ready" || !newest || unread === 0 || !mayWrite.value) return;
  const seen = `${newest.id} ${open.messages.length}`;
  if (document.visibilityState !== "visible" || markedUpTo === seen) return;
  markedUpTo = seen;
  queueMicrotask(() => void markRead(open.threadId, newest.id));
}

function countInTitle(): void {
  const unread = listed.value.filter((thread) => thread.unreadCount > 0).length;
  document.title = unread > 0 ? `(${unread}) Deskline` : "Deskline";
}
