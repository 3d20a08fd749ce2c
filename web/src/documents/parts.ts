/** Fragments that several documents share, each said once. */

import { graphql } from "../graphql.ts";

export const ErrorParts = graphql(`
  fragment ErrorParts on UserError {
    code
    message
  }
`);

export const SenderParts = graphql(`
  fragment SenderParts on MessageSender {
    __typename
    displayName
    ... on User {
      id
    }
  }
`);

export const MediaParts = graphql(`
  fragment MediaParts on Media {
    id
    kind
    state
    mimeType
    fileName
    bytes
    voice
    url
    urlExpiresAt
    failure
  }
`);

export const ContentParts = graphql(`
  fragment ContentParts on MessageContent {
    __typename
    ... on TextContent {
      body
      html
      previewUrl
    }
    ... on MediaContent {
      caption
      media {
        ...MediaParts
      }
    }
    ... on TemplateContent {
      renderedHeader
      renderedBody
      renderedFooter
      buttons
      headerMedia {
        ...MediaParts
      }
    }
    ... on LocationContent {
      latitude
      longitude
      name
      address
    }
    ... on ContactCardsContent {
      contacts {
        name
        phones
        emails
        organization
      }
    }
    ... on InteractiveContent {
      body
      options {
        id
        title
        description
      }
    }
    ... on InteractiveReply {
      optionId
      title
      description
    }
    ... on OrderContent {
      items {
        productId
        quantity
        price {
          amount
          currencyCode
        }
      }
      note
    }
    ... on QuarantinedContent {
      quarantineReason
    }
    ... on RemovedContent {
      removalReason
    }
    ... on SystemNotice {
      text
    }
    ... on UnsupportedContent {
      kind
      explanation
    }
  }
`, [MediaParts]);

export const MessageParts = graphql(`
  fragment MessageParts on Message {
    id
    direction
    status
    sentAt
    receivedAt
    deliveredAt
    readAt
    editedAt
    deletedAt
    forwarded
    sender {
      ...SenderParts
    }
    preview
    content {
      ...ContentParts
    }
    failure {
      title
      hint
      retryable
    }
    heldUntil
    replyTo {
      id
      direction
      sender {
        ...SenderParts
      }
      preview
    }
    reactions {
      emoji
      by {
        ...SenderParts
      }
    }
  }
`, [SenderParts, ContentParts]);

export const ThreadParts = graphql(`
  fragment ThreadParts on Thread {
    id
    status
    unreadCount
    lastActivityAt
    lastSource
    contact {
      id
      displayName
      phones {
        number
      }
    }
    channel {
      id
      name
      phoneNumber
    }
    owner {
      id
      displayName
    }
    ticket {
      id
      number
      subject
      status
      owner {
        id
        displayName
      }
    }
    session {
      state
      expiresAt
    }
    lastMessage {
      id
      direction
      status
      sentAt
      sender {
        ...SenderParts
      }
      preview
      content {
        __typename
      }
    }
  }
`, [SenderParts]);

/** A number as everybody sees it: whether it works, and what is wrong with it. */
export const ChannelParts = graphql(`
  fragment ChannelParts on Channel {
    id
    name
    phoneNumber
    state
    health {
      problems {
        code
        message
        hint
        since
        expiresAt
      }
    }
  }
`);
