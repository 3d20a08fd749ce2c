/** Signing in and out. */

import { graphql } from "../graphql.ts";
import { ErrorParts } from "./parts.ts";

export const SignInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      token
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);

export const SignOutMutation = graphql(`
  mutation SignOut {
    signOut {
      userErrors {
        ...ErrorParts
      }
    }
  }
`, [ErrorParts]);
