import { useEffect, useRef, useState } from "preact/hooks";
import { CloseIcon } from "../app/icons.tsx";
import type { Thread } from "../documents.ts";
import { mayWrite } from "../inbox/inbox.ts";
import { dateAndTime } from "../time.ts";
import { Details } from "./Details.tsx";
import { OnePerson } from "./OnePerson.tsx";
import { readContact, type Contact } from "./contact.ts";
import "./contact.css";

interface Props {
  thread: Thread;
  onClose: () => void;
}

/** What is known of a person, and how it came to be known. */
export default function ContactDialog({ thread, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [contact, setContact] = useState<Contact | null>(null);
  const [merges, setMerges] = useState(0); // with each, what was entered of the one is not of both
  const [problems, setProblems] = useState<string[]>([]);
  const id = thread.contact.id;
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let isStale = false;
    void readContact(id).then((came) => {
      if (isStale) return;
      setContact(came.contact);
      setProblems(came.problems);
    });
    return () => {
      isStale = true;
    };
  }, [id]);
  const become = (other: Contact) => {
    setContact(other);
    setMerges(merges + 1);
  };
  return (
    <dialog ref={dialog} class="beginning contact" aria-labelledby="contact-title" data-testid="contact" onClose={onClose}>
      <div class="beginning-head">
        <h2 id="contact-title" dir="auto">
          {contact?.displayName ?? thread.contact.displayName}
        </h2>
        <button class="icon-button" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </div>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
      {contact && (
        <>
          {mayWrite.value && <Details key={merges} contact={contact} thread={thread} onChanged={setContact} />}
          <Identities contact={contact} />
          {mayWrite.value && <OnePerson contact={contact} thread={thread} onChanged={become} />}
        </>
      )}
    </dialog>
  );
}

function Identities({ contact }: { contact: Contact }) {
  if (contact.identities.length === 0) return null;
  return (
    <details class="contact-names">
      <summary>Known to WhatsApp as</summary>
      <ul>
        {contact.identities.map(({ kind, value, evidence, since }) => (
          <li key={`${kind} ${value}`}>
            <strong>{value}</strong>
            <small class="muted">
              {evidence}, {dateAndTime(since)}
            </small>
          </li>
        ))}
      </ul>
    </details>
  );
}
