/** People, contents and states in words. */

import type { Content, Message, Sender, Thread } from "./documents.ts";

const NAMELESS = "Unknown person";

export function contactName(contact: Thread["contact"]): string {
  return contact.name ?? contact.profileName ?? contact.phones[0]?.number ?? NAMELESS;
}

export function senderName(sender: Sender): string {
  switch (sender.__typename) {
    case "Contact":
      return sender.contactName ?? sender.profileName ?? NAMELESS;
    case "User":
      return sender.name;
    case "Integration":
      return sender.apiKey?.name ?? "An integration";
    case "PhoneApp":
      return "The phone's app";
    default:
      return "Automation";
  }
}

/** One line for lists, quotes and announcements. */
export function preview(content: Content): string {
  switch (content.__typename) {
    case "TextContent":
      return content.body;
    case "MediaContent":
      return content.caption ?? content.media.fileName ?? mediaWord(content.media.kind);
    case "TemplateContent":
      return content.renderedBody;
    case "SystemNotice":
      return content.text;
    case "UnsupportedContent":
      return `Can't be shown here: ${kindWord(content.kind)}`;
    default:
      return "A message of another kind";
  }
}

export function mediaWord(kind: string): string {
  switch (kind) {
    case "IMAGE":
      return "Photo";
    case "VIDEO":
      return "Video";
    case "AUDIO":
      return "Voice or audio";
    case "DOCUMENT":
      return "Document";
    case "STICKER":
      return "Sticker";
    default:
      return "Attachment";
  }
}

/** `poll_creation` as `poll creation`. */
export function kindWord(kind: string): string {
  return kind.replaceAll("_", " ").toLowerCase();
}

/** What stands before the last message in the list: nothing for the contact's own. */
export function previewPrefix(message: NonNullable<Thread["lastMessage"]>, viewerId: string | undefined): string {
  if (message.direction === "INBOUND" || message.content.__typename === "SystemNotice") return "";
  if (message.sender.__typename === "User" && message.sender.id === viewerId) return "You: ";
  return `${senderName(message.sender)}: `;
}

export function ticketStatusWord(status: string): string {
  switch (status) {
    case "NEW":
      return "New";
    case "WAITING_ON_US":
      return "Waiting on us";
    case "WAITING_ON_CONTACT":
      return "Waiting on contact";
    default:
      return "Closed";
  }
}

export function statusWord(status: Message["status"]): string {
  switch (status) {
    case "QUEUED":
      return "Waiting to be sent";
    case "UNKNOWN":
      return "Not confirmed by WhatsApp yet";
    case "SENT":
      return "Sent";
    case "DELIVERED":
      return "Delivered";
    case "READ":
      return "Read";
    case "PLAYED":
      return "Played";
    case "FAILED":
      return "Not sent";
    case "RECEIVED":
      return "Received";
  }
}

export function sourceWord(source: Thread["lastSource"]): string {
  switch (source) {
    case "WHATSAPP":
      return "WhatsApp";
    case "EMAIL":
      return "Email";
    case "CALL":
      return "Call";
  }
}
