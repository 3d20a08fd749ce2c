import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { foresee, newKey, sendTemplate, uploadHeader, type Filled, type Outcome, type Verdict } from "../actions.ts";
import { ask, explain } from "../api.ts";
import { TemplatesQuery, type Template, type Thread } from "../documents.ts";
import { BackIcon, TemplateIcon } from "../app/icons.tsx";

/** What becomes of a template once its blanks are filled. */
interface Destination {
  /** Whom it goes to: another one is another question. */
  to: string;
  foresee: (filled: Filled) => Promise<Verdict>;
  send: (filled: Filled, key: string) => Promise<Outcome>;
}

const FORESEEN_AFTER_MS = 300;

/** What may stand above a template's text, for the file picker; the server judges the bytes. */
const HEADER_FILES: Record<string, string | undefined> = {
  IMAGE: "image/jpeg,image/png",
  VIDEO: "video/mp4,video/3gpp",
  DOCUMENT: ".pdf,.txt,.doc,.docx,.xls,.xlsx,.ppt,.pptx",
};

/** Outside the session only templates that WhatsApp approved may be sent. */
export function TemplatePicker({ thread }: { thread: Thread }) {
  const destination: Destination = {
    to: thread.id,
    foresee: (filled) => foresee({ sendTemplate: { threadId: thread.id, ...filled } }),
    send: (filled, key) => sendTemplate({ threadId: thread.id, ...filled, key }),
  };
  return (
    <section class="composer template-picker" aria-label="Templates" data-testid="template-picker">
      <TemplateChooser
        channelId={thread.channel.id}
        destination={destination}
        intro={
          <p class="template-intro">
            <strong>The session is closed.</strong>{" "}
            <span class="muted">A reply is possible with an approved template, or once the contact writes again.</span>
          </p>
        }
      />
    </section>
  );
}

/** The templates of a number; the one that is chosen is filled in and sent. */
export function TemplateChooser({
  channelId,
  destination,
  intro,
}: {
  channelId: string;
  destination: Destination;
  intro?: ComponentChildren;
}) {
  const [templates, setTemplates] = useState<readonly Template[] | null>(null);
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState<Template | null>(null);

  useEffect(() => {
    let isStale = false;
    ask(TemplatesQuery, { channelId })
      .then(({ templates: answer }) => !isStale && setTemplates(answer.nodes))
      .catch((error: unknown) => !isStale && setProblem(explain(error)));
    return () => {
      isStale = true;
    };
  }, [channelId]);

  if (chosen) {
    const back = () => setChosen(null);
    return <TemplateForm key={chosen.id} destination={destination} template={chosen} onDone={back} />;
  }
  return (
    <>
      {intro}
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      <TemplateChoices templates={templates} onChoose={setChosen} />
    </>
  );
}

function TemplateChoices({
  templates,
  onChoose,
}: {
  templates: readonly Template[] | null;
  onChoose: (template: Template) => void;
}) {
  if (templates === null) return null;
  if (templates.length === 0) return <p class="muted">This number has no approved templates.</p>;
  return (
    <ul class="template-choices">
      {templates.map((template) => {
        const isSendable = hasFillableHeader(template);
        return (
          <li key={template.id}>
            <button
              class="template-choice"
              type="button"
              data-testid="template-choice"
              data-template={template.name}
              disabled={!isSendable}
              onClick={() => onChoose(template)}
            >
              <span class="template-choice-name">
                <TemplateIcon /> {template.name.replaceAll("_", " ")}
                <span class="muted">{template.language}</span>
              </span>
              <span class="template-choice-body">
                {isSendable ? template.body : "Has a place in its header, which can't be chosen here."}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface FormProps {
  destination: Destination;
  template: Template;
  onDone: () => void;
}

function TemplateForm({ destination, template, onDone }: FormProps) {
  const [values, setValues] = useState<readonly string[]>(template.parameters.map(() => ""));
  const [problems, setProblems] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const unanswered = useRef<Attempt | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, [type=submit]")?.focus(), []);

  const [headerMediaId, setHeaderMediaId] = useState<string | null>(null);
  const accepted = HEADER_FILES[template.header?.kind ?? "TEXT"];

  const takeHeader = async (file: File | undefined) => {
    setHeaderMediaId(null);
    if (file === undefined) return;
    setBusy(true);
    const { mediaId, problems: refused } = await uploadHeader(file);
    setBusy(false);
    setHeaderMediaId(mediaId);
    setProblems(refused);
  };

  const filledIn = {
    templateId: template.id,
    ...(headerMediaId === null ? {} : { headerMediaId }),
    parameters: template.parameters.map(({ component, name }, at) => ({
      component,
      name,
      value: (values[at] ?? "").trim(),
    })),
  };
  const verdict = useVerdict(destination, filledIn);

  const send = async (event: Event) => {
    event.preventDefault();
    const attempt = attemptFor(unanswered.current, filledIn);
    setBusy(true);
    const { problems: refused, isUnanswered } = await destination.send(attempt.filled, attempt.key);
    unanswered.current = isUnanswered ? attempt : null;
    setBusy(false);
    setProblems(refused);
    if (refused.length === 0) onDone();
  };

  return (
    <form ref={form} class="template-form" onSubmit={(event) => void send(event)}>
      <div class="template-form-head">
        <button class="icon-button" type="button" aria-label="Back to the templates" onClick={onDone}>
          <BackIcon />
        </button>
        <strong>{template.name.replaceAll("_", " ")}</strong>
        <span class="muted">{template.language}</span>
      </div>
      <div class="template-form-body">
        {accepted && (
          <label class="field">
            <span>File above the text</span>
            <input
              type="file"
              required
              accept={accepted}
              data-testid="template-header-file"
              onChange={(event) => void takeHeader(event.currentTarget.files?.[0])}
            />
          </label>
        )}
        {template.parameters.length > 0 && (
          <div class="template-fields">
            {template.parameters.map((parameter, at) => (
              <label class="field" key={`${parameter.component} ${parameter.name}`}>
                <span>{parameterLabel(parameter)}</span>
                <input
                  type="text"
                  required
                  dir="auto"
                  value={values[at] ?? ""}
                  placeholder={parameter.example ?? ""}
                  data-testid="template-parameter"
                  onInput={(event) => setValues(values.with(at, event.currentTarget.value))}
                />
              </label>
            ))}
          </div>
        )}
        <Preview template={template} values={values} />
      </div>
      <div role="alert">
        {problems.map((problem) => (
          <p class="problem" key={problem}>
            {problem}
          </p>
        ))}
      </div>
      {problems.length === 0 && <Foreseen verdict={verdict} />}
      <button class="button button-primary" type="submit" data-testid="send-template" disabled={isBusy}>
        {isBusy ? "Sending…" : "Send template"}
      </button>
    </form>
  );
}

function Preview({ template, values }: { template: Template; values: readonly string[] }) {
  return (
    <div class="template-preview" aria-label="Preview" role="group">
      <div class="bubble bubble-ours">
        {template.header?.text && (
          <p class="template-header">{filled(template.header.text, "header", template, values)}</p>
        )}
        <p class="bubble-text" dir="auto">
          {filled(template.body, "body", template, values)}
        </p>
        {template.footer && <p class="template-footer">{template.footer}</p>}
        {template.buttons.length > 0 && (
          <ul class="template-buttons" aria-label="Buttons">
            {template.buttons.map((button) => (
              <li key={button.text}>{button.text}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** The text with the blanks of its component filled; an empty one stays visible as a blank. */
function filled(text: string, component: string, template: Template, values: readonly string[]): string {
  let result = text;
  template.parameters.forEach((parameter, at) => {
    if (parameter.component !== component) return;
    const value = (values[at] ?? "").trim();
    if (value !== "") result = result.replaceAll(`{{${parameter.name}}}`, () => value);
  });
  return result;
}

function parameterLabel(parameter: Template["parameters"][number]): string {
  const name = /^\d+$/.test(parameter.name) ? `Blank ${parameter.name}` : parameter.name.replaceAll("_", " ");
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  return parameter.component === "body" ? label : `${label} (${componentWord(parameter.component)})`;
}

/** `button:0` as `button 1`. */
function componentWord(component: string): string {
  const button = /^button:(\d+)$/.exec(component)?.[1];
  return button === undefined ? component : `button ${Number(button) + 1}`;
}

function hasFillableHeader(template: Template): boolean {
  return template.header?.kind !== "LOCATION";
}

interface Attempt {
  filled: Filled;
  key: string;
}

function attemptFor(last: Attempt | null, filled: Filled): Attempt {
  if (last && JSON.stringify(last.filled) === JSON.stringify(filled)) return last;
  return { filled, key: newKey() };
}

/** What sending it as it is filled in would come to; null while a blank is empty or nothing is known. */
function useVerdict(destination: Destination, filled: Filled): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const asked = JSON.stringify(filled);
  const isWhole = filled.parameters.every(({ value }) => value !== "");
  useEffect(() => {
    setVerdict(null);
    if (!isWhole) return;
    let isStale = false;
    const later = setTimeout(() => {
      // Without an answer there is no hint; the send says what is wrong.
      destination.foresee(JSON.parse(asked) as Filled).then(
        (told) => !isStale && setVerdict(told),
        () => undefined,
      );
    }, FORESEEN_AFTER_MS);
    return () => {
      isStale = true;
      clearTimeout(later);
    };
  }, [asked, isWhole, destination.to]);
  return verdict;
}

function Foreseen({ verdict }: { verdict: Verdict | null }) {
  const told = verdict && (verdict.problems.length > 0 ? verdict.problems.join(" ") : priceOf(verdict));
  return (
    <p class="muted" role="status" data-testid="template-verdict">
      {told}
    </p>
  );
}

function priceOf({ takesConversation }: Verdict): string {
  return takesConversation ? "Takes one of this month's conversations." : "Takes none of this month's conversations.";
}
