/** Writing: what can be sent, and sending it. */

import { graphql } from "../graphql.ts";
import { ChannelParts, ErrorParts, MessageParts } from "./parts.ts";

export const ChannelsQuery = graphql(`
  query Channels {
    channels {
      ...ChannelParts
    }
  }
`, [ChannelParts]);

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
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const ThreadStartMutation = graphql(`
  mutation ThreadStart($input: ThreadStartInput!) {
    threadStart(input: $input) {
      thread {
        id
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const MediaPrepareMutation = graphql(`
  mutation MediaPrepare($input: MediaPrepareInput!) {
    mediaPrepare(input: $input) {
      uploadUrl
      media {
        id
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const MessageSendMutation = graphql(`
  mutation MessageSend($input: MessageSendInput!) {
    messageSend(input: $input) {
      message {
        ...MessageParts
      }
      messages {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const MessageSendTemplateMutation = graphql(`
  mutation MessageSendTemplate($input: MessageSendTemplateInput!) {
    messageSendTemplate(input: $input) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);
