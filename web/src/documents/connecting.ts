/** Connecting a number: what a sign-in reaches, new numbers and their codes, the terms, and the last step. */

import { graphql } from "../graphql.ts";
import { ErrorParts } from "./parts.ts";

const BusinessNumberParts = graphql(`
  fragment BusinessNumberParts on BusinessNumber {
    phoneNumberId
    phoneNumber
    displayName
    displayNameApproved
    codeVerified
    connectable
    refusal
    hint
  }
`);

export const DraftParts = graphql(`
  fragment DraftParts on ConnectionDraft {
    id
    expiresAt
    permissions {
      name
      granted
      required
    }
    businessAccounts {
      id
      name
      verified
      numbersLeft
      numbers {
        ...BusinessNumberParts
      }
    }
  }
`, [BusinessNumberParts]);

/** What is said before anybody signs in. */
export const ConnectingQuery = graphql(`
  query Connecting {
    connectTerms {
      version
      text
      url
    }
    channelPrerequisites {
      name
      description
      state
    }
  }
`);

export const DraftQuery = graphql(`
  query Draft($id: ID!) {
    node(id: $id) {
      __typename
      ... on ConnectionDraft {
        ...DraftParts
      }
    }
  }
`, [DraftParts]);

export const ChannelDiscoverMutation = graphql(`
  mutation ChannelDiscover($input: ChannelDiscoverInput!) {
    channelDiscover(input: $input) {
      draft {
        ...DraftParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [DraftParts, ErrorParts]);

export const ChannelAddNumberMutation = graphql(`
  mutation ChannelAddNumber($input: ChannelAddNumberInput!) {
    channelAddNumber(input: $input) {
      number {
        ...BusinessNumberParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [BusinessNumberParts, ErrorParts]);

export const ChannelRequestCodeMutation = graphql(`
  mutation ChannelRequestCode($input: ChannelRequestCodeInput!) {
    channelRequestCode(input: $input) {
      number {
        ...BusinessNumberParts
      }
      retryAt
      attemptsLeft
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [BusinessNumberParts, ErrorParts]);

export const ChannelVerifyCodeMutation = graphql(`
  mutation ChannelVerifyCode($input: ChannelVerifyCodeInput!) {
    channelVerifyCode(input: $input) {
      number {
        ...BusinessNumberParts
      }
      retryAt
      attemptsLeft
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [BusinessNumberParts, ErrorParts]);

export const ChannelConnectMutation = graphql(`
  mutation ChannelConnect($input: ChannelConnectInput!) {
    channelConnect(input: $input) {
      channel {
        id
      }
      userErrors {
        ...ErrorParts
        field
      }
    }
  }
`, [ErrorParts]);
