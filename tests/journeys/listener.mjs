// Listens as a front end would, with graphql-ws, and prints each event as a line of JSON. After a broken connection it
// asks for what came after the last event it saw.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { createClient } = require("graphql-ws");
const webSocketImpl = require("ws");

const { URL: url, TOKEN, QUERY: query, AFTER } = process.env;

let after = AFTER;
for (;;) {
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl,
    connectionParams: { authorization: `Bearer ${TOKEN}` },
    retryAttempts: 0,
  });
  try {
    for await (const answer of client.iterate({ query, variables: { after } })) {
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      const [event] = Object.values(answer.data);
      after = event.cursor;
      console.log(JSON.stringify(event));
    }
  } catch (reason) {
    console.error("broken:", reason?.code ?? reason?.message ?? reason);
  }
  await client.dispose();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
