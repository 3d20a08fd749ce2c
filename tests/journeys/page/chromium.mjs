// Chromium as every visit to the page opens it.
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
