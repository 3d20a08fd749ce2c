// Chromium as every visit to the page opens it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PATIENCE_MS = 20_000;

/** The source of axe-core, to be evaluated in a page. */
export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** A browser with one page of this height; closing the browser is the caller's. */
export async function opened({ height, switches = [] }) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...QUIET, ...switches] });
  const context = await browser.newContext({ viewport: { width: 1440, height }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return { browser, page };
}

/** What axe-core finds wrong on the page as it is; `where` names it in the failure. */
export async function complaints(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  assert.deepEqual(told, [], `axe-core finds something wrong with the ${where}`);
}

export async function noSidewaysScrolling(page, where) {
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.equal(fits, true, `the ${where} scrolls sideways`);
}

/** Errors and warnings of the page, as they come. */
export function watched(page) {
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (line) => {
    if (line.location().url.endsWith("/favicon.ico")) return; // pages that stand in for others' have none
    if (["error", "warning"].includes(line.type())) troubles.push(line.text());
  });
  return troubles;
}

/** Takes a picture into the folder that SCREENSHOTS names, where it names one. */
export function pictures(page, journey) {
  const folder = process.env.SCREENSHOTS;
  return async (name) => {
    if (folder) await page.screenshot({ path: `${folder}/${journey}-${name}.png`, animations: "disabled" });
  };
}
