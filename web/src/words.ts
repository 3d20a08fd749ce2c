/** Contents and states in words. */

import type { Channel, Message, Thread } from "./documents.ts";

/** `48.1351° N, 11.5820° E`. */
export function degrees({ latitude, longitude }: { latitude: number; longitude: number }): string {
  const north = `${Math.abs(latitude).toFixed(4)}° ${latitude < 0 ? "S" : "N"}`;
  return `${north}, ${Math.abs(longitude).toFixed(4)}° ${longitude < 0 ? "W" : "E"}`;
}

export function orderWord(products: number): string {
  if (products === 0) return "Order"; // its note says of what
  return products === 1 ? "Order of 1 product" : `Order of ${products} products`;
}

export function removedWord(reason: string): string {
  return reason === "DELETED_BY_CONTACT" ? "This message was deleted" : "This message is no longer kept";
}

/** Why nobody is shown a message, in a sentence. */
export function hiddenWord(reason: string): string {
  switch (reason) {
    case "PHISHING":
      return "Hidden: it has a blocked link";
    case "PERSONAL_DATA":
      return "Hidden: it has personal data";
    case "MALWARE":
      return "Hidden: its file has a virus";
    default:
      return "Hidden: it breaks WhatsApp's rules";
  }
}

/** What ISO 4217 calls an amount of no currency. */
const NO_CURRENCY = "XXX";

/** An amount in its currency, or with whatever stands for one. */
export function money(amount: number, currency: string): string {
  if (currency === NO_CURRENCY) return String(amount);
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount} ${currency}`;
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

/** `view_once` as `view once`. */
export function kindWord(kind: string): string {
  return kind.replaceAll("_", " ").toLowerCase();
}

/** What stands before the last message in the list: nothing for the contact's own. */
export function previewPrefix(message: NonNullable<Thread["lastMessage"]>, viewerId: string | undefined): string {
  if (message.direction === "INBOUND" || message.content.__typename === "SystemNotice") return "";
  if (message.sender.__typename === "User" && message.sender.id === viewerId) return "You: ";
  return `${message.sender.displayName}: `;
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

export function channelStateWord(state: Channel["state"]): string {
  switch (state) {
    case "PENDING":
      return "Being connected";
    case "CONNECTED":
      return "Connected";
    case "DEGRADED":
      return "Has a problem";
    case "DISCONNECTED":
      return "Disconnected";
  }
}

export function qualityWord(rating: string): string {
  switch (rating) {
    case "GREEN":
      return "High";
    case "YELLOW":
      return "Medium";
    case "RED":
      return "Low";
    default:
      return "Not rated yet";
  }
}

/** With a full stop, where there is none: other sentences follow. */
export function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** How many people a number may begin with in 24 hours; nothing told means that nobody limits it. */
export function limitWord(limit: number | null): string {
  return limit === null ? "No limit told" : `${limit.toLocaleString("en")} in 24 hours`;
}

/** `12 of 2,000`, or `12` where there is no limit. */
export function usedWord(used: number, limit: number | null): string {
  return limit === null ? used.toLocaleString("en") : `${used.toLocaleString("en")} of ${limit.toLocaleString("en")}`;
}

export function destinationWord(destination: string): string {
  return destination === "INBOX" ? "Shared inbox, without tickets" : "Help desk, with tickets";
}

const TRADE_WORDS: Record<string, string> = {
  AUTO: "Cars and other vehicles",
  BEAUTY: "Beauty and personal care",
  APPAREL: "Clothing",
  EDU: "Education",
  ENTERTAIN: "Entertainment",
  EVENT_PLAN: "Events",
  FINANCE: "Finance and banking",
  GROCERY: "Food and groceries",
  GOVT: "Public service",
  HOTEL: "Hotels and lodging",
  HEALTH: "Health",
  NONPROFIT: "Non-profit",
  PROF_SERVICES: "Professional services",
  RETAIL: "Shops and retail",
  TRAVEL: "Travel and transport",
  RESTAURANT: "Restaurant",
  OTHER: "Something else",
};

/** The network's words for what a business trades in. */
export const TRADES: readonly string[] = Object.keys(TRADE_WORDS);

/** A word that is new to us as it is: `PET_SHOP` as `Pet shop`. */
export function tradeWord(category: string): string {
  const words = kindWord(category);
  return TRADE_WORDS[category] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function phoneLabelWord(label: string): string {
  switch (label) {
    case "MOBILE":
      return "Mobile";
    case "WHATSAPP":
      return "WhatsApp";
    default:
      return "Phone";
  }
}
