import type { Content } from "../documents.ts";
import { degrees, hiddenWord, kindWord, money, orderWord, removedWord } from "../words.ts";
import { Avatar } from "../app/Avatar.tsx";
import { BasketIcon, ListIcon, NoticeIcon, PinIcon, RemovedIcon } from "../app/icons.tsx";
import { MediaView } from "./MediaView.tsx";

type Of<Kind extends Content["__typename"]> = Extract<Content, { __typename: Kind }>;

/** What a message says, each kind in its own form. */
export function ContentView({ content }: { content: Content }) {
  switch (content.__typename) {
    case "TextContent":
      // The server renders the marks and lets nothing else through; the page's CSP stands behind it.
      return (
        <div
          class="bubble-text"
          dir="auto"
          onClick={openLinkApart}
          dangerouslySetInnerHTML={{ __html: content.html }}
        />
      );
    case "MediaContent":
      return <MediaView content={content} />;
    case "TemplateContent":
      return <TemplateView content={content} />;
    case "LocationContent":
      return <LocationView content={content} />;
    case "ContactCardsContent":
      return <CardsView content={content} />;
    case "InteractiveContent":
      return <QuestionView content={content} />;
    case "InteractiveReply":
      return <AnswerView content={content} />;
    case "OrderContent":
      return <OrderView content={content} />;
    case "QuarantinedContent":
      return (
        <p class="bubble-removed">
          <RemovedIcon /> {hiddenWord(content.quarantineReason)}
        </p>
      );
    case "RemovedContent":
      return (
        <p class="bubble-removed">
          <RemovedIcon /> {removedWord(content.removalReason)}
        </p>
      );
    case "UnsupportedContent":
      return (
        <div class="bubble-notice">
          <NoticeIcon />
          <div>
            <p class="bubble-notice-title">Can't be shown here: {kindWord(content.kind)}</p>
            <p>{content.explanation}</p>
          </div>
        </div>
      );
    case "SystemNotice":
      return <p class="bubble-text">{content.text}</p>;
    default:
      return (
        <div class="bubble-notice">
          <NoticeIcon />
          <p>A message of a kind that this page can't show yet.</p>
        </div>
      );
  }
}

function TemplateView({ content }: { content: Of<"TemplateContent"> }) {
  return (
    <div class="bubble-template">
      {content.headerMedia && (
        <MediaView content={{ __typename: "MediaContent", caption: null, media: content.headerMedia }} />
      )}
      {content.renderedHeader && (
        <p class="template-header" dir="auto">
          {content.renderedHeader}
        </p>
      )}
      <p class="bubble-text" dir="auto">
        {content.renderedBody}
      </p>
      {content.renderedFooter && (
        <p class="template-footer" dir="auto">
          {content.renderedFooter}
        </p>
      )}
      {content.buttons.length > 0 && (
        <ul class="template-buttons" aria-label="Buttons">
          {content.buttons.map((label) => (
            <li key={label}>{label}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function LocationView({ content }: { content: Of<"LocationContent"> }) {
  const { latitude, longitude, name, address } = content;
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return (
    <div class="bubble-card">
      <span class="bubble-card-sign">
        <PinIcon />
      </span>
      <div class="bubble-card-words">
        <p class="bubble-notice-title" dir="auto">
          {name ?? "Location"}
        </p>
        {address && <p dir="auto">{address}</p>}
        <p>
          <a href={map} target="_blank" rel="noopener noreferrer">
            {degrees(content)}
            <span class="visually-hidden"> on a map, in a new window</span>
          </a>
        </p>
      </div>
    </div>
  );
}

function CardsView({ content }: { content: Of<"ContactCardsContent"> }) {
  return (
    <ul class="bubble-cards" aria-label="Contact cards">
      {content.contacts.map((card, index) => (
        <li key={index} class="bubble-card">
          <Avatar name={card.name} seed={card.phones[0] ?? card.name} small />
          <div class="bubble-card-words">
            <p class="bubble-notice-title" dir="auto">
              {card.name}
            </p>
            {card.organization && <p dir="auto">{card.organization}</p>}
            {card.phones.map((phone) => (
              <p key={phone}>{phone}</p>
            ))}
            {card.emails.map((email) => (
              <p key={email}>{email}</p>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function QuestionView({ content }: { content: Of<"InteractiveContent"> }) {
  return (
    <div class="bubble-template">
      <p class="bubble-text" dir="auto">
        {content.body}
      </p>
      <ul class="template-buttons" aria-label="Answers to choose">
        {content.options.map((option) => (
          <li key={option.id} dir="auto">
            {option.title}
            {option.description && <span class="option-description">{option.description}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function AnswerView({ content }: { content: Of<"InteractiveReply"> }) {
  return (
    <div class="bubble-answer">
      <p class="bubble-answer-word">
        <ListIcon /> Answer
      </p>
      <p class="bubble-text" dir="auto">
        {content.title}
      </p>
      {content.description && (
        <p class="bubble-answer-more" dir="auto">
          {content.description}
        </p>
      )}
    </div>
  );
}

/** To be shown, not to be reckoned with: exact is `amount`, a text. */
function worth({ quantity, price }: Of<"OrderContent">["items"][number]): number {
  return quantity * Number(price.amount);
}

function OrderView({ content }: { content: Of<"OrderContent"> }) {
  const { items, note } = content;
  const currencies = [...new Set(items.map((item) => item.price.currencyCode))];
  const total = items.reduce((sum, item) => sum + worth(item), 0);
  return (
    <div class="bubble-order">
      <p class="bubble-order-title">
        <BasketIcon /> {orderWord(items.length)}
      </p>
      <ul aria-label="Products">
        {items.map((item, index) => (
          <li key={index}>
            <span dir="auto">
              {item.quantity} × {item.productId}
            </span>
            <span>{money(worth(item), item.price.currencyCode)}</span>
          </li>
        ))}
      </ul>
      {currencies.length === 1 && items.length > 1 && (
        <p class="bubble-order-total">
          <span>Total</span>
          <span>{money(total, currencies[0] ?? "")}</span>
        </p>
      )}
      {note && (
        <p class="bubble-text" dir="auto">
          {note}
        </p>
      )}
    </div>
  );
}

/** A link in a message must not take the inbox away, nor learn where it was clicked. */
function openLinkApart(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!link) return;
  event.preventDefault();
  const address = link.getAttribute("href") ?? "";
  if (/^(https?:|mailto:|tel:)/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}
