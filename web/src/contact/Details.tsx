import { useState } from "preact/hooks";
import { CloseIcon } from "../app/icons.tsx";
import { Field } from "../app/Field.tsx";
import type { Thread } from "../documents.ts";
import { phoneLabelWord } from "../words.ts";
import { changeContact, type Contact, type ContactChange } from "./contact.ts";

type Phone = Contact["phones"][number];

const LABELS: readonly Phone["label"][] = ["PHONE", "MOBILE", "WHATSAPP"];

interface Props {
  contact: Contact;
  thread: Thread;
  onChanged: (contact: Contact) => void;
}

/** What people here enter of somebody; only what was changed is saved. */
export function Details({ contact, thread, onChanged }: Props) {
  const [name, setName] = useState(contact.name ?? "");
  const [email, setEmail] = useState(contact.email ?? "");
  const [phones, setPhones] = useState<readonly Phone[]>(contact.phones);
  const [optedOut, setOptedOut] = useState(contact.optedOutAt !== null);
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [isSaved, setSaved] = useState(false);

  const entered = phones.filter(({ number }) => number.trim() !== "");
  const change: ContactChange = {
    ...(name.trim() === (contact.name ?? "") ? {} : { name: name.trim() || null }),
    ...(email.trim() === (contact.email ?? "") ? {} : { email: email.trim() || null }),
    ...(same(entered, contact.phones) ? {} : { phones: entered.map(({ number, label }) => ({ number, label })) }),
    ...(optedOut === (contact.optedOutAt !== null) ? {} : { optedOut }),
  };
  const isNothing = Object.keys(change).length === 0;
  const save = async () => {
    setBusy(true);
    setSaved(false);
    const came = await changeContact(thread.id, contact.id, change);
    setBusy(false);
    setProblems(came.problems);
    if (came.contact === null) return;
    setPhones(came.contact.phones);
    setSaved(true);
    onChanged(came.contact);
  };
  const put = (at: number, phone: Phone) => setPhones(phones.with(at, phone));
  return (
    <form
      class="contact-details"
      aria-label="Details"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isNothing) void save();
      }}
    >
      <Field
        label="Name"
        maxLength={200}
        testId="contact-name"
        placeholder={contact.profileName ?? ""}
        value={name}
        onValue={setName}
      />
      <Field label="Email" type="email" value={email} onValue={setEmail} />
      <fieldset class="contact-phones">
        <legend>Numbers</legend>
        {phones.map(({ number, label }, at) => (
          <div key={at} class="contact-phone">
            <input
              type="tel"
              autocomplete="off"
              aria-label={`Number ${at + 1}`}
              value={number}
              onInput={(event) => put(at, { label, number: event.currentTarget.value })}
            />
            <select
              aria-label={`What number ${at + 1} is`}
              value={label}
              onChange={(event) => put(at, { number, label: event.currentTarget.value as Phone["label"] })}
            >
              {LABELS.map((each) => (
                <option key={each} value={each}>
                  {phoneLabelWord(each)}
                </option>
              ))}
            </select>
            <button
              class="icon-button"
              type="button"
              aria-label={`Remove number ${at + 1}`}
              onClick={() => setPhones(phones.filter((_, each) => each !== at))}
            >
              <CloseIcon />
            </button>
          </div>
        ))}
        <button
          class="button button-quiet"
          type="button"
          data-testid="add-phone"
          onClick={() => setPhones([...phones, { number: "", label: "PHONE" }])}
        >
          Add a number
        </button>
      </fieldset>
      <label class="tick">
        <input type="checkbox" checked={optedOut} onChange={(event) => setOptedOut(event.currentTarget.checked)} />
        <span>Asked not to be written to</span>
      </label>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="contact-problem">
            {problem}
          </p>
        ))}
      </div>
      <div class="contact-foot">
        <button class="button button-primary" type="submit" data-testid="save-contact" disabled={isBusy || isNothing}>
          {isBusy ? "Saving…" : "Save"}
        </button>
        <span role="status">{isSaved && isNothing && "Saved."}</span>
      </div>
    </form>
  );
}

function same(a: readonly Phone[], b: readonly Phone[]): boolean {
  return a.length === b.length && a.every(({ number, label }, at) => number === b[at]?.number && label === b[at].label);
}
