import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { viewer } from "../inbox/inbox.ts";
import { type Demo, type Phone, type PhoneMessage, demo, followPhones, phoneState, setReads } from "./simulator.ts";
import { Avatar } from "../app/Avatar.tsx";
import { PhoneBubble } from "./PhoneBubble.tsx";
import { PhoneComposer } from "./PhoneComposer.tsx";

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
