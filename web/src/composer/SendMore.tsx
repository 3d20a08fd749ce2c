import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { contentAttemptFor, sendContent, type ContentAttempt, type ContentInput } from "../actions.ts";
import type { Message, Thread } from "../documents.ts";
import { CloseIcon, PersonIcon, PinIcon, PlusIcon, QuestionIcon } from "../app/icons.tsx";

/** What may be sent besides words and files. */
export type Kind = "location" | "contact" | "question";

const KINDS = [
  { kind: "location", words: "A place", Icon: PinIcon },
  { kind: "contact", words: "A contact card", Icon: PersonIcon },
  { kind: "question", words: "A question", Icon: QuestionIcon },
] as const;

/** WhatsApp's limits, in characters. */
const LIMITS = { buttons: 3, rows: 10, button: 20, row: 24, line: 72, opener: 20, buttonsBody: 1024, listBody: 4096 };

/** The button beside the field, and the kinds it offers. */
export function SendMore({ isBusy, onChoose }: { isBusy: boolean; onChoose: (kind: Kind) => void }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const choices = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (isOpen) choices.current?.querySelector("button")?.focus();
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      setOpen(false);
      button.current?.focus();
    } else if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      moveFocus(choices.current, event.key === "ArrowDown" ? 1 : -1);
    }
  };
  return (
    <div
      class="send-more"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button
        ref={button}
        class="icon-button"
        type="button"
        aria-label="Send something else"
        title="Send something else"
        aria-expanded={isOpen}
        disabled={isBusy}
        data-testid="send-more"
        onClick={() => setOpen(!isOpen)}
      >
        <PlusIcon />
      </button>
      {isOpen && (
        <ul ref={choices} class="send-more-choices" aria-label="What to send">
          {KINDS.map(({ kind, words, Icon }) => (
            <li key={kind}>
              <button
                type="button"
                data-testid={`send-more-${kind}`}
                onClick={() => {
                  setOpen(false);
                  onChoose(kind);
                }}
              >
                <Icon /> {words}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function moveFocus(list: HTMLElement | null, by: number): void {
  const buttons = [...(list?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(at + by + buttons.length) % buttons.length]?.focus();
}

interface FormProps {
  thread: Thread;
  quoted: Message | null;
  /** It was sent, or is not to be. */
  onDone: (wasSent: boolean) => void;
}

/** What one of the kinds needs to be told, in place of the field. */
export function SendForm({ kind, ...props }: FormProps & { kind: Kind }) {
  switch (kind) {
    case "location":
      return <LocationForm {...props} />;
    case "contact":
      return <ContactForm {...props} />;
    case "question":
      return <QuestionForm {...props} />;
  }
}

function LocationForm(props: FormProps) {
  const [place, setPlace] = useState({ latitude: "", longitude: "", name: "", address: "" });
  const set = (changes: Partial<typeof place>) => setPlace({ ...place, ...changes });
  const content = () => ({
    location: {
      latitude: Number(place.latitude),
      longitude: Number(place.longitude),
      ...told("name", place.name),
      ...told("address", place.address),
    },
  });
  /** Maps copy both at once: "53.0793, 8.8017". */
  const onPaste = (event: ClipboardEvent) => {
    const both = /^\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(event.clipboardData?.getData("text") ?? "");
    if (!both) return;
    event.preventDefault();
    set({ latitude: both[1] ?? "", longitude: both[2] ?? "" });
  };
  return (
    <Frame {...props} title="A place" content={content}>
      <Field label="Latitude" type="number" min={-90} max={90} step="any" required value={place.latitude}
        onPaste={onPaste} onValue={(latitude) => set({ latitude })} />
      <Field label="Longitude" type="number" min={-180} max={180} step="any" required value={place.longitude}
        onPaste={onPaste} onValue={(longitude) => set({ longitude })} />
      <Field label="Name" optional value={place.name} onValue={(name) => set({ name })} />
      <Field label="Address" optional value={place.address} onValue={(address) => set({ address })} />
    </Frame>
  );
}

function ContactForm(props: FormProps) {
  const [card, setCard] = useState({ name: "", phone: "", email: "", organization: "" });
  const set = (changes: Partial<typeof card>) => setCard({ ...card, ...changes });
  const content = () => ({
    contacts: [
      {
        name: card.name.trim(),
        phones: card.phone.trim() === "" ? [] : [card.phone.trim()],
        ...(card.email.trim() === "" ? {} : { emails: [card.email.trim()] }),
        ...told("organization", card.organization),
      },
    ],
  });
  return (
    <Frame {...props} title="A contact card" content={content}>
      <Field label="Name" required value={card.name} onValue={(name) => set({ name })} />
      <Field label="Phone" type="tel" required={card.email.trim() === ""} value={card.phone}
        onValue={(phone) => set({ phone })} />
      <Field label="Mail" type="email" optional value={card.email} onValue={(email) => set({ email })} />
      <Field label="Works at" optional value={card.organization} onValue={(organization) => set({ organization })} />
    </Frame>
  );
}

interface Answer {
  title: string;
  line: string;
}

const NO_ANSWER: Answer = { title: "", line: "" };

function QuestionForm(props: FormProps) {
  const [body, setBody] = useState("");
  const [opener, setOpener] = useState("");
  const [answers, setAnswers] = useState<readonly Answer[]>([NO_ANSWER, NO_ANSWER]);
  const isList = answers.length > LIMITS.buttons || answers.some((answer) => answer.line.trim() !== "");
  const change = (at: number, changes: Partial<Answer>) => {
    setAnswers(answers.map((answer, each) => (each === at ? { ...answer, ...changes } : answer)));
  };
  const content = () => ({
    interactive: {
      body: body.trim(),
      options: answers.map(({ title, line }, at) => ({
        id: String(at + 1),
        title: title.trim(),
        ...told("description", line),
      })),
      ...(isList ? { buttonLabel: opener.trim() } : {}),
    },
  });
  return (
    <Frame {...props} title="A question" content={content}>
      <label class="field send-form-wide">
        <span>Question</span>
        <textarea
          required
          rows={2}
          dir="auto"
          maxLength={isList ? LIMITS.listBody : LIMITS.buttonsBody}
          value={body}
          onInput={(event) => setBody(event.currentTarget.value)}
        />
      </label>
      <ol class="send-form-wide answers" aria-label="Answers">
        {answers.map((answer, at) => (
          <li key={at}>
            <input
              type="text"
              required
              dir="auto"
              aria-label={`Answer ${at + 1}`}
              placeholder={`Answer ${at + 1}`}
              maxLength={isList ? LIMITS.row : LIMITS.button}
              value={answer.title}
              onInput={(event) => change(at, { title: event.currentTarget.value })}
            />
            <input
              type="text"
              dir="auto"
              aria-label={`Small line below answer ${at + 1}, optional`}
              placeholder="Small line (optional)"
              maxLength={LIMITS.line}
              value={answer.line}
              onInput={(event) => change(at, { line: event.currentTarget.value })}
            />
            <button
              class="icon-button"
              type="button"
              aria-label={`Remove answer ${at + 1}`}
              disabled={answers.length === 1}
              onClick={() => setAnswers(answers.filter((_, each) => each !== at))}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ol>
      <div class="send-form-wide answers-foot">
        <button
          class="button"
          type="button"
          disabled={answers.length === LIMITS.rows}
          onClick={() => setAnswers([...answers, NO_ANSWER])}
        >
          <PlusIcon /> Answer
        </button>
        <p class="muted">
          {isList
            ? "Opens as a list: more than three answers, or lines below them."
            : "Shown as buttons: up to three answers without lines below."}
        </p>
      </div>
      {isList && (
        <Field label="What opens the list" required maxLength={LIMITS.opener} value={opener} onValue={setOpener} />
      )}
    </Frame>
  );
}

/** A heading, the fields, what was refused, and the button that sends. Escape leaves it. */
function Frame({
  title,
  thread,
  quoted,
  content,
  onDone,
  children,
}: FormProps & { title: string; content: () => ContentInput; children: ComponentChildren }) {
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const unanswered = useRef<ContentAttempt | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea")?.focus(), []);

  const send = async () => {
    const wanted = { threadId: thread.id, content: content(), replyToId: quoted?.id ?? null };
    const attempt = contentAttemptFor(unanswered.current, wanted);
    setBusy(true);
    setProblems([]);
    const { problems: refused, isUnanswered } = await sendContent(attempt);
    unanswered.current = isUnanswered ? attempt : null;
    setBusy(false);
    setProblems(refused);
    if (refused.length === 0) onDone(true);
  };
  return (
    <form
      ref={form}
      class="send-form"
      aria-label={title}
      data-testid="send-form"
      onKeyDown={(event) => {
        if (event.key === "Escape") onDone(false);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="send-form-head">
        <strong>{title}</strong>
        <button class="icon-button" type="button" aria-label="Do not send this" onClick={() => onDone(false)}>
          <CloseIcon />
        </button>
      </div>
      <div class="send-form-fields">{children}</div>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem} data-testid="composer-problem">
            {problem}
          </p>
        ))}
      </div>
      <div class="send-form-foot">
        <button class="button button-primary" type="submit" data-testid="send-form-send" disabled={isBusy}>
          {isBusy ? "Sending…" : "Send"}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  onPaste?: (event: ClipboardEvent) => void;
  optional?: boolean;
  required?: boolean;
  type?: "text" | "number" | "tel" | "email";
  min?: number;
  max?: number;
  step?: "any";
  maxLength?: number;
}

function Field({ label, onValue, optional = false, type = "text", ...given }: FieldProps) {
  return (
    <label class="field">
      <span>
        {label}
        {optional && <span class="muted"> (optional)</span>}
      </span>
      {/* To Preact's types an input is one of its kinds, and never one of several. */}
      <input dir="auto" type={type as "text"} {...given} onInput={(event) => onValue(event.currentTarget.value)} />
    </label>
  );
}

/** A field of an input where there is anything to say. */
function told<N extends string>(name: N, value: string): Partial<Record<N, string>> {
  return value.trim() === "" ? {} : ({ [name]: value.trim() } as Record<N, string>);
}
