import { useEffect, useRef, useState } from "preact/hooks";
import { ask, explain } from "../api.ts";
import { LibraryQuery, type LibraryItem } from "../documents.ts";
import { LibraryIcon } from "../app/icons.tsx";

const ASKED_AFTER_MS = 200;

interface Props {
  isBusy: boolean;
  onChoose: (item: LibraryItem) => void;
}

/** What is sent again and again, found by a word of it. */
export function LibraryPicker({ isBusy, onChoose }: Props) {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  const choose = (item: LibraryItem) => {
    setOpen(false);
    onChoose(item);
  };
  return (
    <div
      class="library"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
      }}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button
        ref={opener}
        class="icon-button"
        type="button"
        aria-label="Library"
        title="Library"
        aria-expanded={isOpen}
        data-testid="library-open"
        disabled={isBusy}
        onClick={() => setOpen(!isOpen)}
      >
        <LibraryIcon />
      </button>
      {isOpen && <Shelf onChoose={choose} />}
    </div>
  );
}

function Shelf({ onChoose }: { onChoose: (item: LibraryItem) => void }) {
  const [query, setQuery] = useState("");
  const [items, setItems] = useState<readonly LibraryItem[] | null>(null);
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    let isStale = false;
    const look = () =>
      ask(LibraryQuery, { query }).then(
        ({ library }) => {
          if (isStale) return;
          setItems(library.nodes);
          setProblem("");
        },
        (error: unknown) => !isStale && setProblem(explain(error)),
      );
    const later = setTimeout(() => void look(), query === "" ? 0 : ASKED_AFTER_MS);
    return () => {
      isStale = true;
      clearTimeout(later);
    };
  }, [query]);

  return (
    <section class="library-shelf" aria-label="Library" data-testid="library">
      <input
        ref={field}
        type="search"
        aria-label="Search the library"
        placeholder="Search the library"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
      />
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      {items?.length === 0 && <p class="muted">{query === "" ? "The library is empty." : "Nothing is called that."}</p>}
      <ul>
        {items?.map((item) => (
          <li key={item.id}>
            <button class="library-item" type="button" data-testid="library-item" onClick={() => onChoose(item)}>
              <span class="library-item-title" dir="auto">
                {item.title} <span class="muted">{kindWord(item.kind)}</span>
              </span>
              <span class="library-item-words" dir="auto">
                {item.body ?? item.url}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What choosing it does: a snippet is put into the field, the others are sent. */
function kindWord(kind: LibraryItem["kind"]): string {
  const word = kind.toLowerCase().replaceAll("_", " ");
  return kind === "SNIPPET" ? word : `${word} · sent at once`;
}
