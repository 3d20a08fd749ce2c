/** One person: what is known of them, changing it, and who they are one with. */

import { graphql } from "../graphql.ts";
import { ErrorParts } from "./parts.ts";

export const ContactParts = graphql(`
  fragment ContactParts on Contact {
    id
    displayName
    name
    profileName
    username
    email
    optedOutAt
    phones {
      number
      label
    }
    identities {
      kind
      value
      evidence
      since
    }
  }
`);

export const ContactQuery = graphql(`
  query Contact($id: ID!) {
    contact(id: $id) {
      ...ContactParts
    }
  }
`, [ContactParts]);

export const ContactsQuery = graphql(`
  query Contacts($query: String!) {
    contacts(first: 10, query: $query) {
      nodes {
        id
        displayName
        phones {
          number
        }
      }
    }
  }
`);

export const ContactUpdateMutation = graphql(`
  mutation ContactUpdate($input: ContactUpdateInput!) {
    contactUpdate(input: $input) {
      contact {
        ...ContactParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ContactParts, ErrorParts]);

export const ContactMergeMutation = graphql(`
  mutation ContactMerge($input: ContactMergeInput!) {
    contactMerge(input: $input) {
      contact {
        ...ContactParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ContactParts, ErrorParts]);

export const ContactSplitMutation = graphql(`
  mutation ContactSplit($input: ContactSplitInput!) {
    contactSplit(input: $input) {
      contact {
        ...ContactParts
      }
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ContactParts, ErrorParts]);
