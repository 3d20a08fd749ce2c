import { useEffect, useState } from "preact/hooks";
import type { Thread } from "../documents.ts";
import { findContacts, merge, split, type Came, type Contact, type Found } from "./contact.ts";

const PATIENCE_MS = 250;

interface Props {
  contact: Contact;
  thread: Thread;
  onChanged: (contact: Contact) => void;
}

/** Says that somebody else is the same person; it can be taken back at once. */
export function OnePerson({ contact, thread, onChanged }: Props) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<readonly Found[]>([]);
  const [merged, setMerged] = useState<Found | null>(null);
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (query.trim() === "") return setFound([]);
    let isStale = false;
    const timer = setTimeout(() => {
      void findContacts(query.trim()).then((all) => !isStale && setFound(all.filter(({ id }) => id !== contact.id)));
    }, PATIENCE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [query, contact.id]);

  const attempt = async (work: () => Promise<Came>) => {
    setBusy(true);
    const came = await work();
    setBusy(false);
    setProblems(came.problems);
    if (came.contact) onChanged(came.contact);
    return came.contact !== null;
  };
  const join = async (other: Found) => {
    if (!(await attempt(() => merge(thread.id, contact.id, other.id)))) return;
    setMerged(other);
    setQuery("");
  };
  const part = async (other: Found) => {
    if (await attempt(() => split(thread.id, contact.id, other.id))) setMerged(null);
  };
  return (
    <details class="contact-names" data-testid="one-person">
      <summary>The same person as somebody else</summary>
      <label class="field">
        <span>Find them by name or number</span>
        <input
          type="search"
          autocomplete="off"
          data-testid="find-contact"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      <ul>
        {found.map((other) => (
          <li key={other.id} class="contact-found">
            <span>
              <bdi>{other.displayName}</bdi> <span class="muted">{other.phones[0]?.number}</span>
            </span>
            <button
              class="button"
              type="button"
              data-testid="merge"
              disabled={isBusy}
              onClick={() => void join(other)}
            >
              One person<span class="visually-hidden">: {other.displayName}</span>
            </button>
          </li>
        ))}
      </ul>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
      <div role="status">
        {merged && (
          <p class="contact-found" data-testid="merged">
            <span>
              <bdi>{merged.displayName}</bdi> is the same person from now on.
            </span>
            <button
              class="button"
              type="button"
              data-testid="split"
              disabled={isBusy}
              onClick={() => void part(merged)}
            >
              Undo
            </button>
          </p>
        )}
      </div>
    </details>
  );
}
