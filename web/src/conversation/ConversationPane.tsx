import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { react } from "./messages.ts";
import type { Message } from "../documents.ts";
import { conversation, mayWrite, openConversation, selectedThread } from "../inbox/inbox.ts";
import { isNarrow, selectedThreadId } from "../app/router.ts";
import { Composer } from "../composer/Composer.tsx";
import { HeldBack } from "./HeldBack.tsx";
import { ConversationHeader } from "./ConversationHeader.tsx";
import { InboxIcon } from "../app/icons.tsx";
import { MessageList } from "./MessageList.tsx";

export function ConversationPane() {
  return (
    <section class="conversation" id="conversation" tabIndex={-1} aria-label="Conversation">
      <Selected />
    </section>
  );
}

function Selected() {
  const threadId = selectedThreadId.value;
  const open = conversation.value;
  if (threadId === null) {
    return (
      <Blank>
        <InboxIcon />
        <h2>Choose a conversation</h2>
        <p>Messages, ticks and replies show up here the moment they happen.</p>
      </Blank>
    );
  }
  if (open?.threadId === threadId && open.phase === "missing") {
    return (
      <Blank>
        <h2>This conversation isn't there</h2>
        <p>It may belong to another organization, or the address is incomplete.</p>
        <a class="button" href="#/">
          Back to the inbox
        </a>
      </Blank>
    );
  }
  if (open?.threadId === threadId && open.phase === "failed") {
    return (
      <Blank>
        <h2>The conversation could not be loaded</h2>
        <button class="button" type="button" onClick={() => void openConversation(threadId)}>
          Try again
        </button>
      </Blank>
    );
  }
  return <Thread key={threadId} threadId={threadId} />;
}

function Thread({ threadId }: { threadId: string }) {
  const [quoted, setQuoted] = useState<Message | null>(null);
  const [problems, setProblems] = useState<string[]>([]);
  useEffect(() => {
    // The list that had the focus is gone from the screen.
    if (isNarrow()) document.getElementById("conversation")?.focus({ preventScroll: true });
  }, []);
  const thread = selectedThread.value;
  const open = conversation.value;
  if (!thread || open?.threadId !== threadId) return <Blank>{null}</Blank>;
  const mayReact = mayWrite.value && thread.session.state === "OPEN";
  const put = (message: Message, emoji: string) => void react(threadId, message.id, emoji).then(setProblems);
  return (
    <>
      <ConversationHeader thread={thread} />
      <MessageList
        conversation={open}
        onQuote={mayWrite.value ? setQuoted : null}
        onReact={mayReact ? put : null}
      />
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
      <HeldBack channelId={thread.channel.id} />
      {mayWrite.value ? (
        <Composer thread={thread} quoted={quoted} onQuoted={setQuoted} />
      ) : (
        <p class="composer-note muted">You can read here, but not answer.</p>
      )}
    </>
  );
}

function Blank({ children }: { children: ComponentChildren }) {
  return <div class="blank muted">{children}</div>;
}
