// Opens GraphiQL in Chromium, with nothing in reach but its own server, and asks it something. Ends with 1 and the
// reason where that fails. SCREENSHOT names a file for a picture.
import assert from "node:assert/strict";

import { opened } from "./chromium.mjs";

const { PAGE, KEY, SCREENSHOT } = process.env;

const { browser, page } = await opened({ height: 900 });
try {
  const elsewhere = [];
  const faults = [];
  await page.route("**/*", (route) => {
    if (new URL(route.request().url()).origin === new URL(PAGE).origin) return route.continue();
    elsewhere.push(route.request().url());
    return route.abort();
  });
  page.on("pageerror", (error) => faults.push(String(error)));

  await page.goto(new URL("/graphiql", PAGE).href);
  await page.waitForSelector(".graphiql-editor-tool .CodeMirror", { state: "attached" });
  const shown = (words) =>
    page.waitForFunction((sought) => document.querySelector(".result-window")?.textContent.includes(sought), words);
  await shown("UNAUTHENTICATED"); // it asks for the schema by itself, as nobody yet
  await page.evaluate((key) => {
    const [headers] = [...document.querySelectorAll(".graphiql-editor-tool .CodeMirror")].slice(-1);
    headers.CodeMirror.setValue(JSON.stringify({ Authorization: `Bearer ${key}` }));
  }, KEY);
  await page.click(".graphiql-execute-button");
  await shown('"ADMIN"');
  await page.click('button[aria-label*="Re-fetch"]');
  await page.click('button[aria-label*="Documentation Explorer"]');
  await page.waitForFunction(() => document.querySelector(".graphiql-doc-explorer")?.textContent.includes("Mutation"));
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT });

  assert.deepEqual(elsewhere, [], "it asked others");
  assert.deepEqual(faults, [], "it had faults");
  console.log("saw an answer and the schema");
} catch (error) {
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT });
  throw error;
} finally {
  await browser.close();
}
