import { useState } from "preact/hooks";
import { CloseIcon, PlusIcon } from "../app/icons.tsx";
import { Field, Frame, told, type FormProps } from "./SendFrame.tsx";

/** WhatsApp's limits, in characters. */
const LIMITS = { buttons: 3, rows: 10, button: 20, row: 24, line: 72, opener: 20, buttonsBody: 1024, listBody: 4096 };

interface Answer {
  title: string;
  line: string;
}

const NO_ANSWER: Answer = { title: "", line: "" };

export function QuestionForm(props: FormProps) {
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
