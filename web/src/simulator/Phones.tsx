import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { viewer } from "../inbox/inbox.ts";
import {
  choose,
  demo,
  followPhones,
  phoneState,
  react,
  setReads,
  write,
  writeFile,
  type Demo,
  type Phone,
  type PhoneMessage,
} from "./simulator.ts";
import { fullTime, timeOfDay } from "../time.ts";
import { statusWord } from "../words.ts";
import { Avatar } from "../app/Avatar.tsx";
import { PhoneContentView } from "./PhoneContentView.tsx";
import { AttachmentIcon, CloseIcon, ReplyIcon, SendIcon, SmileIcon } from "../app/icons.tsx";
import { Ticks } from "../conversation/Ticks.tsx";

const EMOJI = ["👍", "❤️", "😂", "😮", "🙏"];

/** The customers' side of the demo. */
export function Phones() {
  const running = demo.value;
  useEffect(() => (running ? followPhones(running) : undefined), [running]);
  if (!running) return null;
  return (
    <section class="phones" aria-label="Simulated phones">
      <div class="phones-head">
        <h2>Customers' phones</h2>
        <p class="muted">Simulated. Write on one and watch the inbox.</p>
      </div>
      <div class="phones-row">
        {running.phones.map((phone) => (
          <PhoneView key={phone.id} running={running} phone={phone} />
        ))}
      </div>
    </section>
  );
}

function PhoneView({ running, phone }: { running: Demo; phone: Phone }) {
  const [quoted, setQuoted] = useState<PhoneMessage | null>(null);
  const { messages, reads, isReachable } = phoneState(phone.id);
  return (
    <section class="phone-stand" aria-label={`${phone.name}'s phone`}>
      <div class="phone-owner">
        <Avatar name={phone.name} seed={phone.id} small />
        <h3>{phone.name}</h3>
        <label class="switch" title={`Whether ${phone.name} looks at what arrives: the desk's ticks turn blue`}>
          <input
            type="checkbox"
            role="switch"
            checked={reads}
            data-testid={`phone-reads-${phone.id}`}
            onChange={(event) => setReads(running, phone.id, event.currentTarget.checked)}
          />
          <span>
            Reads<span class="visually-hidden"> messages</span>
          </span>
        </label>
      </div>
      <div class="phone" data-testid={`phone-${phone.id}`}>
        <div class="phone-screen">
          <PhoneHead running={running} isReachable={isReachable} />
          <PhoneMessages running={running} phone={phone} messages={messages} onQuote={setQuoted} />
          <PhoneComposer running={running} phone={phone} quoted={quoted} onQuoted={setQuoted} />
        </div>
      </div>
    </section>
  );
}

function PhoneHead({ running, isReachable }: { running: Demo; isReachable: boolean }) {
  const business = viewer.value?.organization.name ?? "Help desk";
  return (
    <div class="phone-head">
      <Avatar name={business} seed={running.number} small />
      <div>
        <p class="phone-business">{business}</p>
        <p class="phone-online">{isReachable ? `${running.numberDisplay} · online` : "connecting…"}</p>
      </div>
    </div>
  );
}

function PhoneMessages({
  running,
  phone,
  messages,
  onQuote,
}: {
  running: Demo;
  phone: Phone;
  messages: readonly PhoneMessage[];
  onQuote: (message: PhoneMessage) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const lastId = messages.at(-1)?.id;
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lastId]);
  return (
    <div class="phone-messages" ref={list} role="region" aria-label={`Messages on ${phone.name}'s phone`} tabIndex={0}>
      {messages.length === 0 && <p class="phone-empty">Say hello.</p>}
      {messages.map((message) => (
        <PhoneBubble
          key={message.id}
          running={running}
          phone={phone}
          message={message}
          quoted={messages.find((other) => other.id === message.replyTo)}
          onQuote={onQuote}
        />
      ))}
    </div>
  );
}

function PhoneBubble({
  running,
  phone,
  message,
  quoted,
  onQuote,
}: {
  running: Demo;
  phone: Phone;
  message: PhoneMessage;
  quoted: PhoneMessage | undefined;
  onQuote: (message: PhoneMessage) => void;
}) {
  const [isChoosing, setChoosing] = useState(false);
  const choice = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (isChoosing) choice.current?.scrollIntoView({ block: "nearest" });
  }, [isChoosing]);
  const isOwn = message.direction === "out";
  const give = (emoji: string) => {
    setChoosing(false);
    void react(running, phone.id, message.id, emoji);
  };
  const quote = () => {
    setChoosing(false);
    onQuote(message);
  };
  return (
    <div
      class={`phone-message ${isOwn ? "phone-message-own" : "phone-message-business"}`}
      data-testid="phone-message"
      data-direction={message.direction}
      data-status={message.status}
    >
      <div class="bubble">
        {quoted && (
          <div class="quote">
            <span class="quote-name">{quoted.direction === "out" ? "You" : "Business"}</span>
            <span class="quote-text">{quoted.text}</span>
          </div>
        )}
        {message.file && <PhoneFile running={running} file={message.file} />}
        {(message.text !== "" || message.file === null) && (
          <PhoneContentView
            message={message}
            onChoose={isOwn ? null : (option) => void choose(running, phone.id, message, option)}
          />
        )}
        <p class="bubble-foot">
          <time dateTime={message.at} title={fullTime(message.at)}>
            {timeOfDay(message.at)}
          </time>
          {isOwn && <Ticks status={message.status} title={ownStatusWord(message.status)} />}
        </p>
      </div>
      {!isOwn && (
        <button
          class="icon-button phone-action"
          type="button"
          aria-label="React or reply to this message"
          aria-expanded={isChoosing}
          onClick={() => setChoosing(!isChoosing)}
        >
          <SmileIcon />
        </button>
      )}
      {isChoosing && (
        <div class="emoji-choice" ref={choice} role="group" aria-label="React or reply">
          {EMOJI.map((emoji) => (
            <button key={emoji} type="button" aria-label={`React with ${emoji}`} onClick={() => give(emoji)}>
              {emoji}
            </button>
          ))}
          <button type="button" aria-label="Reply to this message" onClick={quote}>
            <ReplyIcon />
          </button>
        </div>
      )}
      {message.reactions.length > 0 && (
        <p class="reactions">
          {message.reactions.map((reaction) => (
            <span key={`${reaction.emoji} ${reaction.from}`}>{reaction.emoji}</span>
          ))}
        </p>
      )}
    </div>
  );
}

function PhoneFile({ running, file }: { running: Demo; file: NonNullable<PhoneMessage["file"]> }) {
  const url = `${running.simulator}/_sim/media/${encodeURIComponent(file.id)}`;
  switch (file.mimeType.split("/", 1)[0]) {
    case "image":
      return <img class="picture" src={url} alt={file.name ?? "Photo"} data-testid="phone-file" />;
    case "video":
      return <video class="picture" src={url} controls preload="metadata" data-testid="phone-file" />;
    case "audio":
      return <audio class="sound" src={url} controls preload="metadata" data-testid="phone-file" />;
    default:
      return (
        <a class="bubble-file" href={url} download={file.name ?? ""} data-testid="phone-file">
          {file.name ?? "Document"}
        </a>
      );
  }
}

function PhoneComposer({
  running,
  phone,
  quoted,
  onQuoted,
}: {
  running: Demo;
  phone: Phone;
  quoted: PhoneMessage | null;
  onQuoted: (message: PhoneMessage | null) => void;
}) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const attach = async (file: File | undefined) => {
    if (picker.current) picker.current.value = "";
    if (file === undefined) return;
    setProblem("");
    if (await writeFile(running, phone.id, file, text.trim())) return setText("");
    setProblem("Not delivered. Try again.");
  };
  useEffect(() => {
    if (quoted) field.current?.focus();
  }, [quoted]);

  const send = async (event: Event) => {
    event.preventDefault();
    const body = text.trim();
    if (body === "") return;
    setText("");
    setProblem("");
    if (await write(running, phone.id, body, quoted?.id ?? null)) return onQuoted(null);
    setText(body);
    setProblem("Not delivered. Try again.");
  };

  return (
    <form class="phone-composer" onSubmit={(event) => void send(event)}>
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      {quoted && (
        <div class="quoting">
          <div class="quote">
            <span class="quote-text">{quoted.text}</span>
          </div>
          <button
            class="icon-button"
            type="button"
            aria-label="Do not quote this message"
            onClick={() => onQuoted(null)}
          >
            <CloseIcon />
          </button>
        </div>
      )}
      <div class="composer-row">
        <input
          ref={picker}
          type="file"
          hidden
          data-testid={`phone-attach-${phone.id}`}
          onChange={(event) => void attach(event.currentTarget.files?.[0])}
        />
        <button
          class="icon-button"
          type="button"
          aria-label={`Send a file from ${phone.name}'s phone`}
          onClick={() => picker.current?.click()}
        >
          <AttachmentIcon />
        </button>
        <input
          ref={field}
          type="text"
          class="composer-text"
          data-testid={`phone-input-${phone.id}`}
          aria-label={`Message from ${phone.name}`}
          placeholder="Message"
          autocomplete="off"
          dir="auto"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          class="send"
          type="submit"
          data-testid={`phone-send-${phone.id}`}
          aria-label={`Send from ${phone.name}'s phone`}
          disabled={text.trim() === ""}
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
}

function ownStatusWord(status: string): string {
  switch (status) {
    case "delivered":
      return statusWord("DELIVERED");
    case "read":
      return statusWord("READ");
    default:
      return statusWord("SENT");
  }
}
