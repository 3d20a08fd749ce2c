import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { foresee, sendTemplate } from "./send.ts";
import { ask, explain } from "../api.ts";
import { TemplatesQuery, type Template, type Thread } from "../documents.ts";
import { TemplateIcon } from "../app/icons.tsx";
import { TemplateForm, type Destination } from "./TemplateForm.tsx";

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

function hasFillableHeader(template: Template): boolean {
  return template.header?.kind !== "LOCATION";
}
