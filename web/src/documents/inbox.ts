/** The list of conversations, and what happens in them. */

import { graphql } from "../graphql.ts";
import { ChannelParts, MessageParts, ThreadParts } from "./parts.ts";

/** The list and the place in the log it reflects, to listen from. */
export const InboxQuery = graphql(`
  query Inbox($first: Int!, $after: String, $filter: ThreadFilter) {
    viewer {
      role
      cursor
      user {
        id
        displayName
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
`, [ThreadParts]);

export const InboxEventsSubscription = graphql(`
  subscription InboxEvents($after: EventCursor) {
    inboxEvents(after: $after) {
      __typename
      cursor
      thread {
        ...ThreadParts
      }
      ... on ChannelChanged {
        channel {
          ...ChannelParts
        }
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
`, [ChannelParts, MessageParts, ThreadParts]);

export const UsersQuery = graphql(`
  query Users($first: Int!, $after: String) {
    users(first: $first, after: $after) {
      nodes {
        id
        displayName
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
