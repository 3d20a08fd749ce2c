/** Looking after numbers: how each is, what is set for it, and what the month's conversations come to. */

import { graphql } from "../graphql.ts";
import { ErrorParts } from "./parts.ts";

export const NumberParts = graphql(`
  fragment NumberParts on Channel {
    id
    name
    phoneNumber
    phoneNumberId
    businessAccountId
    destination
    state
    connectedAt
    reopenPolicy
    sendReadReceipts
    health {
      tokenValid
      webhookSubscribed
      lastInboundAt
      qualityRating
      messagingLimit
      throughputPerSecond
      businessVerified
      missingPermissions
      problems {
        code
        message
        hint
        since
        expiresAt
      }
    }
    profile {
      displayName
      displayNameDiffers
      category
      about
      description
      email
      websites
      address
    }
    assignment {
      strategy
      users {
        displayName
      }
    }
    dailyAllowance {
      limit
      used
      resetsAt
    }
    termsAccepted {
      by {
        displayName
      }
      at
      version
    }
  }
`);

export const NumbersQuery = graphql(`
  query Numbers {
    channels {
      ...NumberParts
    }
    quota {
      limit
      used
      remaining
      periodStart
      resetsAt
      userInitiatedCounts
      forecast {
        projectedUse
        exhaustedAt
      }
    }
  }
`, [NumberParts]);

export const QuotaEntriesQuery = graphql(`
  query QuotaEntries($first: Int!, $after: String) {
    quota {
      entries(first: $first, after: $after) {
        nodes {
          at
          refundedAt
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const ChannelDisconnectMutation = graphql(`
  mutation ChannelDisconnect($channelId: ID!) {
    channelDisconnect(input: { channelId: $channelId }) {
      channel {
        ...NumberParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, NumberParts]);

export const ChannelUpdateMutation = graphql(`
  mutation ChannelUpdate($input: ChannelUpdateInput!) {
    channelUpdate(input: $input) {
      channel {
        ...NumberParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts, NumberParts]);
