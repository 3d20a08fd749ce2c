/** Documents typed against the exported schema; `graphql-env.d.ts` is generated from it and never committed. */

import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./graphql-env.d.ts";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: {
    Date: string;
    DateTime: string;
    Decimal: string;
    EventCursor: string;
    PhoneNumber: string;
  };
}>();

export type { ResultOf, TadaDocumentNode, VariablesOf } from "gql.tada";
