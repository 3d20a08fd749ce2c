/** Changing who a person is. Each returns what was refused, in sentences, or takes in who they are now. */

import { ask, explain } from "../api.ts";
import {
  ContactMergeMutation,
  ContactParts,
  ContactQuery,
  ContactsQuery,
  ContactSplitMutation,
  ContactUpdateMutation,
} from "../documents/contact.ts";
import type { ResultOf, VariablesOf } from "../graphql.ts";
import { openConversation } from "../inbox/inbox.ts";

export type Contact = ResultOf<typeof ContactParts>;
export type Found = ResultOf<typeof ContactsQuery>["contacts"]["nodes"][number];
export type ContactChange = Omit<VariablesOf<typeof ContactUpdateMutation>["input"], "contactId">;

export interface Came {
  contact: Contact | null;
  problems: string[];
}

export async function readContact(id: string): Promise<Came> {
  return coming(async () => {
    const { contact } = await ask(ContactQuery, { id });
    return { contact, userErrors: contact ? [] : [{ message: "This person isn't there any more." }] };
  });
}

export async function findContacts(query: string): Promise<readonly Found[]> {
  try {
    return (await ask(ContactsQuery, { query })).contacts.nodes;
  } catch {
    return [];
  }
}

export async function changeContact(threadId: string, contactId: string, change: ContactChange): Promise<Came> {
  const came = await coming(
    async () => (await ask(ContactUpdateMutation, { input: { contactId, ...change } })).contactUpdate,
  );
  if (came.contact) await openConversation(threadId); // under its new name
  return came;
}

export async function merge(threadId: string, intoContactId: string, fromContactId: string): Promise<Came> {
  const came = await coming(
    async () => (await ask(ContactMergeMutation, { input: { intoContactId, fromContactId } })).contactMerge,
  );
  if (came.contact) await openConversation(threadId);
  return came;
}

export async function split(threadId: string, contactId: string, fromContactId: string): Promise<Came> {
  const came = await coming(
    async () => (await ask(ContactSplitMutation, { input: { contactId, fromContactId } })).contactSplit,
  );
  if (came.contact) await openConversation(threadId);
  return came;
}

async function coming(
  asking: () => Promise<{ contact: Contact | null; userErrors: { message: string }[] }>,
): Promise<Came> {
  try {
    const { contact, userErrors } = await asking();
    return { contact, problems: userErrors.map(({ message }) => message) };
  } catch (error) {
    return { contact: null, problems: [explain(error)] };
  }
}
