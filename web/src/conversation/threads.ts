/** What a person does with a thread and its ticket. Each returns what was refused, in sentences. */

import { ask } from "../api.ts";
import {
  ThreadAssignMutation,
  ThreadCloseMutation,
  ThreadMarkReadMutation,
  ThreadReopenMutation,
  TicketAssignMutation,
  TicketCloseMutation,
  TicketReopenMutation,
  TicketUnassignMutation,
  type Thread,
} from "../documents.ts";
import { keep } from "../inbox/inbox.ts";
import { changing } from "../outcome.ts";

/** `null` takes the owner away. Refused where somebody else was quicker; the thread is then read again. */
export async function assign(thread: Thread, ownerId: string | null): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket === null) {
      const input = { threadId: thread.id, ownerId, expectedOwnerId: thread.owner?.id ?? null };
      return (await ask(ThreadAssignMutation, { input })).threadAssign;
    }
    if (ownerId === null) return (await ask(TicketUnassignMutation, { input: { ticketId: ticket.id } })).ticketUnassign;
    const input = { ticketId: ticket.id, ownerId, expectedOwnerId: ticket.owner?.id ?? null };
    return (await ask(TicketAssignMutation, { input })).ticketAssign;
  });
}

export async function close(thread: Thread): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket) return (await ask(TicketCloseMutation, { input: { ticketId: ticket.id } })).ticketClose;
    return (await ask(ThreadCloseMutation, { input: { threadId: thread.id } })).threadClose;
  });
}

export async function reopen(thread: Thread): Promise<string[]> {
  return changing(thread, async () => {
    const { ticket } = thread;
    if (ticket) return (await ask(TicketReopenMutation, { input: { ticketId: ticket.id } })).ticketReopen;
    return (await ask(ThreadReopenMutation, { input: { threadId: thread.id } })).threadReopen;
  });
}

/** Best effort: the count stays until it works, and the next message tries again. */
export async function markRead(threadId: string, upToMessageId: string): Promise<void> {
  try {
    const { threadMarkRead } = await ask(ThreadMarkReadMutation, { input: { threadId, upToMessageId } });
    if (threadMarkRead.thread) keep([threadMarkRead.thread]);
  } catch {
    return;
  }
}
