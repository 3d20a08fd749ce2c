import type { BusinessChannel } from "./numbers.ts";
import { Fact, Section } from "./NumberPage.tsx";

/** What the desk does by itself with what comes to this number. */
export function Policy({ channel }: { channel: BusinessChannel }) {
  const { users } = channel.assignment;
  return (
    <Section title="Policy">
      <dl class="facts">
        <Fact name="A message after the ticket was closed">
          {channel.reopenPolicy === "REOPEN_TICKET" ? "Opens it again" : "Begins a new ticket"}
        </Fact>
        <Fact name="Blue ticks on the contact's phone">
          {channel.sendReadReceipts ? "When somebody here has read it" : "Never"}
        </Fact>
        <Fact name="New work">
          {channel.assignment.strategy === "NONE" ? "Waits for somebody to take it" : users.map((user) => user.displayName).join(", ")}
        </Fact>
      </dl>
    </Section>
  );
}
