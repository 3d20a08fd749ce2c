import { useEffect, useRef, useState } from "preact/hooks";
import type { Filled, Verdict } from "./send.ts";
import { uploadHeader } from "./upload.ts";
import { newKey, type Outcome } from "../outcome.ts";
import type { Template } from "../documents.ts";
import { BackIcon } from "../app/icons.tsx";
import { Preview } from "./TemplatePreview.tsx";
import { Foreseen, useVerdict } from "./TemplateVerdict.tsx";

/** What may stand above a template's text, for the file picker; the server judges the bytes. */
const HEADER_FILES: Record<string, string | undefined> = {
  IMAGE: "image/jpeg,image/png",
  VIDEO: "video/mp4,video/3gpp",
  DOCUMENT: ".pdf,.txt,.doc,.docx,.xls,.xlsx,.ppt,.pptx",
};

/** What becomes of a template once its blanks are filled. */
export interface Destination {
  /** Whom it goes to: another one is another question. */
  to: string;
  foresee: (filled: Filled) => Promise<Verdict>;
  send: (filled: Filled, key: string) => Promise<Outcome>;
}

interface FormProps {
  destination: Destination;
  template: Template;
  onDone: () => void;
}

export function TemplateForm({ destination, template, onDone }: FormProps) {
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

interface Attempt {
  filled: Filled;
  key: string;
}

function attemptFor(last: Attempt | null, filled: Filled): Attempt {
  if (last && JSON.stringify(last.filled) === JSON.stringify(filled)) return last;
  return { filled, key: newKey() };
}
