/** Everything the page asks of the API, and the shapes that come back. */

import { graphql, type ResultOf } from "./graphql.ts";

const SenderParts = graphql(`
  fragment SenderParts on MessageSender {
    __typename
    ... on Contact {
      contactName: name
      profileName
    }
    ... on User {
      id
      name
    }
    ... on Integration {
      apiKey {
        name
      }
    }
    ... on PhoneApp {
      phoneNumber
    }
  }
`);

const ContentParts = graphql(`
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
    }
    ... on TemplateContent {
      renderedHeader
      renderedBody
      renderedFooter
      buttons
      headerMedia {
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
    }
    ... on LocationContent {
      latitude
      longitude
      placeName: name
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
      question: body
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
`);

/** Of a quoted message, no more than one line of it. */
const QuotedParts = graphql(`
  fragment QuotedParts on MessageContent {
    __typename
    ... on TextContent {
      body
    }
    ... on MediaContent {
      caption
      media {
        kind
        fileName
      }
    }
    ... on TemplateContent {
      renderedBody
    }
    ... on LocationContent {
      latitude
      longitude
      placeName: name
      address
    }
    ... on ContactCardsContent {
      contacts {
        name
      }
    }
    ... on InteractiveContent {
      question: body
    }
    ... on InteractiveReply {
      title
    }
    ... on OrderContent {
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
    }
  }
`);

const MessageParts = graphql(
  `
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
        content {
          ...QuotedParts
        }
      }
      reactions {
        emoji
        by {
          ...SenderParts
        }
      }
    }
  `,
  [SenderParts, ContentParts, QuotedParts],
);

const ThreadParts = graphql(
  `
    fragment ThreadParts on Thread {
      id
      status
      unreadCount
      lastActivityAt
      lastSource
      contact {
        id
        name
        profileName
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
        name
      }
      ticket {
        id
        number
        subject
        status
        owner {
          id
          name
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
        content {
          ...ContentParts
        }
      }
    }
  `,
  [SenderParts, ContentParts],
);

/** The list and the place in the log it reflects, to listen from. */
export const InboxQuery = graphql(
  `
    query Inbox($first: Int!, $after: String, $filter: ThreadFilter) {
      viewer {
        role
        cursor
        user {
          id
          name
        }
        apiKey {
          name
        }
        organization {
          name
        }
      }
      threads(first: $first, after: $after, filter: $filter) {
        nodes {
          ...ThreadParts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [ThreadParts],
);

export const ConversationQuery = graphql(
  `
    query Conversation($id: ID!, $last: Int!, $before: String) {
      thread(id: $id) {
        ...ThreadParts
        messages(last: $last, before: $before) {
          nodes {
            ...MessageParts
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
      }
    }
  `,
  [ThreadParts, MessageParts],
);

export const UsersQuery = graphql(`
  query Users($first: Int!, $after: String) {
    users(first: $first, after: $after) {
      nodes {
        id
        name
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const TemplatesQuery = graphql(`
  query Templates($channelId: ID!) {
    templates(first: 100, channelId: $channelId, statuses: [APPROVED]) {
      nodes {
        id
        name
        language
        category
        header {
          kind
          text
        }
        body
        footer
        buttons {
          text
        }
        parameters {
          component
          name
          example
        }
      }
    }
  }
`);

export const ChannelsQuery = graphql(`
  query Channels {
    channels {
      id
      name
      phoneNumber
      state
    }
  }
`);

export const LibraryQuery = graphql(`
  query Library($query: String) {
    library(first: 50, query: $query) {
      nodes {
        id
        kind
        title
        body
        url
      }
    }
  }
`);

export const MessagePreflightQuery = graphql(`
  query MessagePreflight($input: MessagePreflightInput!) {
    messagePreflight(input: $input) {
      sendable
      consumesQuota
      userErrors {
        message
      }
    }
  }
`);

export const ThreadStartMutation = graphql(`
  mutation ThreadStart($input: ThreadStartInput!) {
    threadStart(input: $input) {
      thread {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const InboxEventsSubscription = graphql(
  `
    subscription InboxEvents($after: EventCursor) {
      inboxEvents(after: $after) {
        __typename
        cursor
        thread {
          ...ThreadParts
        }
        ... on MessageAdded {
          message {
            ...MessageParts
          }
        }
        ... on MessageStatusChanged {
          message {
            ...MessageParts
          }
        }
        ... on MessageChanged {
          message {
            ...MessageParts
          }
        }
      }
    }
  `,
  [ThreadParts, MessageParts],
);

export const SignInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      token
      userErrors {
        message
      }
    }
  }
`);

export const SignOutMutation = graphql(`
  mutation SignOut {
    signOut {
      userErrors {
        message
      }
    }
  }
`);

export const MessageSendMutation = graphql(
  `
    mutation MessageSend($input: MessageSendInput!) {
      messageSend(input: $input) {
        message {
          ...MessageParts
        }
        messages {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MediaPrepareMutation = graphql(`
  mutation MediaPrepare($input: MediaPrepareInput!) {
    mediaPrepare(input: $input) {
      uploadUrl
      media {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const MessageSendTemplateMutation = graphql(
  `
    mutation MessageSendTemplate($input: MessageSendTemplateInput!) {
      messageSendTemplate(input: $input) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MessageReactMutation = graphql(
  `
    mutation MessageReact($input: MessageReactInput!) {
      messageReact(input: $input) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MessageReleaseMutation = graphql(
  `
    mutation MessageRelease($id: ID!) {
      messageRelease(input: { messageId: $id }) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MessageRetryMutation = graphql(
  `
    mutation MessageRetry($input: MessageRetryInput!) {
      messageRetry(input: $input) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MessageCancelMutation = graphql(
  `
    mutation MessageCancel($input: MessageCancelInput!) {
      messageCancel(input: $input) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

export const MessageSettleMutation = graphql(
  `
    mutation MessageSettle($input: MessageSettleInput!) {
      messageSettle(input: $input) {
        message {
          ...MessageParts
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [MessageParts],
);

/** For supervisors and administrators; empty for others. */
export const VersionsQuery = graphql(
  `
    query Versions($id: ID!) {
      node(id: $id) {
        ... on Message {
          versions {
            until
            content {
              ...ContentParts
            }
          }
        }
      }
    }
  `,
  [ContentParts],
);

export const ThreadMarkReadMutation = graphql(
  `
    mutation ThreadMarkRead($input: ThreadMarkReadInput!) {
      threadMarkRead(input: $input) {
        thread {
          ...ThreadParts
        }
        userErrors {
          message
        }
      }
    }
  `,
  [ThreadParts],
);

export const ThreadAssignMutation = graphql(`
  mutation ThreadAssign($input: ThreadAssignInput!) {
    threadAssign(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const ThreadCloseMutation = graphql(`
  mutation ThreadClose($input: ThreadCloseInput!) {
    threadClose(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const ThreadReopenMutation = graphql(`
  mutation ThreadReopen($input: ThreadReopenInput!) {
    threadReopen(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const TicketAssignMutation = graphql(`
  mutation TicketAssign($input: TicketAssignInput!) {
    ticketAssign(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const TicketUnassignMutation = graphql(`
  mutation TicketUnassign($input: TicketUnassignInput!) {
    ticketUnassign(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const TicketCloseMutation = graphql(`
  mutation TicketClose($input: TicketCloseInput!) {
    ticketClose(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export const TicketReopenMutation = graphql(`
  mutation TicketReopen($input: TicketReopenInput!) {
    ticketReopen(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

export type Viewer = ResultOf<typeof InboxQuery>["viewer"];
export type Thread = ResultOf<typeof ThreadParts>;
export type Message = ResultOf<typeof MessageParts>;
export type Content = ResultOf<typeof ContentParts>;
/** What is enough for one line of a message. */
export type Quoted = ResultOf<typeof QuotedParts>;
export type Version = { until: string; content: Content };
export type Sender = ResultOf<typeof SenderParts>;
export type User = ResultOf<typeof UsersQuery>["users"]["nodes"][number];
export type Channel = ResultOf<typeof ChannelsQuery>["channels"][number];
export type LibraryItem = ResultOf<typeof LibraryQuery>["library"]["nodes"][number];
export type Template = ResultOf<typeof TemplatesQuery>["templates"]["nodes"][number];
export type InboxEvent = ResultOf<typeof InboxEventsSubscription>["inboxEvents"];
