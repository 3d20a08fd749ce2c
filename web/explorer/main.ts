// GraphiQL as its package brings it, served where introspection is on. Nothing of it is in the inbox page.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "./page.css";

const FIRST_WORDS = `# Who asks goes into the headers below: {"Authorization": "Bearer dk_…"}
# With it, "Re-fetch GraphQL schema" at the lower left fetches the descriptions.

{
  viewer {
    role
  }
}
`;

const socket = new URL("/graphql", location.href);
socket.protocol = socket.protocol.replace("http", "ws");

// Sockets take from `connection_init` what requests have in a header, so each run has a fetcher of its own headers.
const fetcher: Fetcher = (asked, options) => {
  const authorization: unknown = Object.entries(options?.headers ?? {}).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  return createGraphiQLFetcher({
    url: "/graphql",
    subscriptionUrl: socket.href,
    wsConnectionParams: { authorization },
  })(asked, options);
};

const place = document.getElementById("graphiql");
if (place) {
  createRoot(place).render(
    createElement(GraphiQL, { fetcher, defaultQuery: FIRST_WORDS, defaultEditorToolsVisibility: "headers", defaultHeaders: '{"Authorization": "Bearer "}' }),
  );
}
