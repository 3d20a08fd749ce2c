import type { Content } from "../documents.ts";
import { addressOf, size, type Media } from "./media.ts";
import { mediaWord } from "../words.ts";
import { AttachmentIcon } from "../app/icons.tsx";

/** What a browser shows by itself. All else is a link. */
const SHOWN = /^(image\/(jpeg|png|gif|webp)|video\/(mp4|3gpp|webm)|audio\/(aac|amr|mpeg|mp4|ogg|wav|webm))$/;

export function MediaView({ content }: { content: Extract<Content, { __typename: "MediaContent" }> }) {
  return (
    <>
      <FileView media={content.media} caption={content.caption} />
      {content.caption && (
        <p class="bubble-text" dir="auto">
          {content.caption}
        </p>
      )}
    </>
  );
}

function FileView({ media, caption }: { media: Media; caption: string | null }) {
  const url = addressOf(media);
  const name = media.fileName ?? mediaWord(media.kind);
  if (url === null) return <FileCard media={media} note={stateWord(media)} />;
  if (media.kind !== "DOCUMENT" && SHOWN.test(media.mimeType)) {
    const label = caption ?? name;
    switch (media.mimeType.split("/", 1)[0]) {
      case "image":
        return (
          <a class="bubble-picture" href={url} target="_blank" rel="noreferrer noopener">
            <img
              class={media.kind === "STICKER" ? "sticker" : "picture"}
              src={url}
              alt={label}
              loading="lazy"
              data-testid="media-image"
            />
          </a>
        );
      case "video":
        return <video class="picture" src={url} controls preload="metadata" aria-label={label} data-testid="media-video" />;
      default:
        return <audio class="sound" src={url} controls preload="metadata" aria-label={label} data-testid="media-audio" />;
    }
  }
  return (
    <a class="bubble-file" href={url} download={name} data-testid="media-file">
      <FileCard media={media} note={size(media.bytes)} />
    </a>
  );
}

function FileCard({ media, note }: { media: Media; note: string }) {
  return (
    <div class={`bubble-media media-${media.state.toLowerCase()}`}>
      <AttachmentIcon />
      <div>
        <p class="bubble-notice-title">{media.fileName ?? mediaWord(media.kind)}</p>
        <p>{note}</p>
      </div>
    </div>
  );
}

function stateWord(media: Media): string {
  switch (media.state) {
    case "PENDING":
      return "Being fetched from WhatsApp";
    case "FAILED":
      return media.failure ?? "Could not be fetched";
    case "EXPIRED":
      return media.failure ?? "No longer available";
    default:
      return "Received";
  }
}
