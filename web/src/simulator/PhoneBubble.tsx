import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Demo, type Phone, type PhoneMessage, choose, react } from "./simulator.ts";
import { fullTime, timeOfDay } from "../time.ts";
import { statusWord } from "../words.ts";
import { PhoneContentView } from "./PhoneContentView.tsx";
import { ReplyIcon, SmileIcon } from "../app/icons.tsx";
import { Ticks } from "../conversation/Ticks.tsx";

const EMOJI = ["👍", "❤️", "😂", "😮", "🙏"];

export function PhoneBubble({
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
