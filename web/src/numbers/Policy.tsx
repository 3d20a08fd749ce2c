import { useState } from "preact/hooks";
import { Field } from "../app/Field.tsx";
import { ChangeForm } from "./ChangeForm.tsx";
import { Section } from "./NumberPage.tsx";
import type { BusinessChannel, Change } from "./numbers.ts";

/** What it is called here, and what the desk does by itself with what comes to this number. */
export function Policy({ channel }: { channel: BusinessChannel }) {
  const [name, setName] = useState(channel.name);
  const [reopenPolicy, setReopenPolicy] = useState(channel.reopenPolicy);
  const [sendReadReceipts, setReadReceipts] = useState(channel.sendReadReceipts);
  const change: Change = {
    ...(name.trim() === channel.name ? {} : { name }),
    ...(reopenPolicy === channel.reopenPolicy ? {} : { reopenPolicy }),
    ...(sendReadReceipts === channel.sendReadReceipts ? {} : { sendReadReceipts }),
  };
  return (
    <Section title="How it is worked with">
      <ChangeForm channel={channel} title="How it is worked with" change={change}>
        <Field label="What it is called here" testId="number-name" value={name} onValue={setName} />
        <label class="field">
          <span>A message after the ticket was closed</span>
          <select
            value={reopenPolicy}
            data-testid="reopen-policy"
            onChange={(event) =>
              setReopenPolicy(event.currentTarget.value === "NEW_TICKET" ? "NEW_TICKET" : "REOPEN_TICKET")
            }
          >
            <option value="REOPEN_TICKET">Opens the ticket again</option>
            <option value="NEW_TICKET">Begins a new ticket</option>
          </select>
        </label>
        <label class="tick">
          <input
            type="checkbox"
            data-testid="read-receipts"
            checked={sendReadReceipts}
            onChange={(event) => setReadReceipts(event.currentTarget.checked)}
          />
          <span>Show blue ticks on the contact's phone when somebody here has read a message</span>
        </label>
        <p class="muted">
          {channel.assignment.strategy === "NONE"
            ? "New work waits until somebody takes it."
            : "How new work is to find its owner was set by a program; it is not applied yet."}
        </p>
      </ChangeForm>
    </Section>
  );
}
