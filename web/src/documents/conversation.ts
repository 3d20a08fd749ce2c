/** One conversation: what was said in it, and what is done with a message or with the whole. */

import { graphql } from "../graphql.ts";
import { ContentParts, ErrorParts, MessageParts, ThreadParts } from "./parts.ts";

export const ConversationQuery = graphql(`
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
`, [MessageParts, ThreadParts]);

/** For supervisors and administrators; empty for others. */
export const VersionsQuery = graphql(`
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
`, [ContentParts]);

export const MessageReactMutation = graphql(`
  mutation MessageReact($input: MessageReactInput!) {
    messageReact(input: $input) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const MessageReleaseMutation = graphql(`
  mutation MessageRelease($id: ID!) {
    messageRelease(input: { messageId: $id }) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const MessageRetryMutation = graphql(`
  mutation MessageRetry($input: MessageRetryInput!) {
    messageRetry(input: $input) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const MessageCancelMutation = graphql(`
  mutation MessageCancel($input: MessageCancelInput!) {
    messageCancel(input: $input) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const MessageSettleMutation = graphql(`
  mutation MessageSettle($input: MessageSettleInput!) {
    messageSettle(input: $input) {
      message {
        ...MessageParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, MessageParts]);

export const ThreadMarkReadMutation = graphql(`
  mutation ThreadMarkRead($input: ThreadMarkReadInput!) {
    threadMarkRead(input: $input) {
      thread {
        ...ThreadParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, ThreadParts]);

export const ThreadAssignMutation = graphql(`
  mutation ThreadAssign($input: ThreadAssignInput!) {
    threadAssign(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const ThreadCloseMutation = graphql(`
  mutation ThreadClose($input: ThreadCloseInput!) {
    threadClose(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const ThreadReopenMutation = graphql(`
  mutation ThreadReopen($input: ThreadReopenInput!) {
    threadReopen(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const TicketAssignMutation = graphql(`
  mutation TicketAssign($input: TicketAssignInput!) {
    ticketAssign(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const TicketUnassignMutation = graphql(`
  mutation TicketUnassign($input: TicketUnassignInput!) {
    ticketUnassign(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const TicketCloseMutation = graphql(`
  mutation TicketClose($input: TicketCloseInput!) {
    ticketClose(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const TicketReopenMutation = graphql(`
  mutation TicketReopen($input: TicketReopenInput!) {
    ticketReopen(input: $input) {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);
