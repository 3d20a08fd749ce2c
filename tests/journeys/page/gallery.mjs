// Opens the demo's gallery in Chromium and says what it saw, a line a kind. Ends with 1 and the reason where a kind is
// not shown in its own form. SCREENSHOT names a file for the picture of the whole thread.
import assert from "node:assert/strict";

import { axe, opened } from "./chromium.mjs";

const { PAGE, SCREENSHOT } = process.env;

/** A kind, and the words that stand in the bubble that shows it. */
const SHOWN = [
  ["styled text", "INBOUND", /^Bold, italic, gone, code and a link/],
  ["a reply with its quote", "INBOUND", /Every Kind.*Answering what I said/s],
  ["a forwarded text", "INBOUND", /Forwarded.*Passed on from a friend/s],
  ["a photo's caption", "INBOUND", /The scratch on the frame/],
  ["a document by its name", "INBOUND", /reçu 1042\.pdf.*The bill/s],
  ["a place with a name", "INBOUND", /Home.*Rue 5.*50\.8503° N, 4\.3517° E/s],
  ["a place without one", "INBOUND", /Location.*33\.8688° S, 151\.2093° E/s],
  ["a contact card", "INBOUND", /Bo Li.*Bo's Bikes.*\+32 470 00 00 00/s],
  ["an order with its total", "INBOUND", /Order of 2 products.*€9\.00.*€19\.00.*Total.*€28\.00.*In blue/s],
  ["a filled form", "INBOUND", /Answer.*Sent.*size: L.*colour: blue/s],
  ["a template's button", "INBOUND", /Answer.*Track my order/s],
  ["a poll as unsupported", "INBOUND", /Can't be shown here: poll/],
  ["a kind nobody knows yet", "INBOUND", /Can't be shown here: hologram/],
  ["a notice", "INBOUND", /security code changed/],
  ["our place", "OUTBOUND", /Acme Shop.*Grand-Place 1, Brussels/s],
  ["our contact cards", "OUTBOUND", /Sam Rivera.*sam@acme\.example.*Noor Haddad/s],
  ["our question with buttons", "OUTBOUND", /Shall we send it again\?.*Yes, please.*No, thanks/s],
  ["the button that was chosen", "INBOUND", /Shall we send it again\?.*Answer.*Yes, please/s],
  ["our question with a list", "OUTBOUND", /When shall it come\?.*Monday.*8 am to noon.*Saturday/s],
  ["the row that was chosen", "INBOUND", /When shall it come\?.*Answer.*Monday.*8 am to noon/s],
  ["what was written in the phone's app", "OUTBOUND", /The phone's app.*Written on the phone/s],
  ["a changed message", "INBOUND", /This was said second.*Edited/s],
  ["a deleted message", "INBOUND", /This message was deleted/],
  ["a quarantined message", "INBOUND", /Hidden: it has a blocked link/],
  ["a reaction of theirs", "INBOUND", /Thanks for everything!/],
];

/** Files, and what shows or plays them once they are fetched. */
const FILES = [
  ["a photo", "media-image"],
  ["a video", "media-video"],
  ["a voice note", "media-audio"],
  ["a document to open", "media-file"],
  ["a sticker", "media-image"],
];

const { browser, page } = await opened({ height: 3400 });
try {
  await page.goto(PAGE);
  await page.getByRole("link", { name: /Every Kind/ }).click();
  await page.getByTestId("message").filter({ hasText: "Thanks for everything!" }).waitFor();

  for (const [what, direction, words] of SHOWN) {
    const shown = page.locator(`[data-testid=message][data-direction=${direction}]`).filter({ hasText: words });
    assert.ok((await shown.count()) >= 1, `${what} is not shown: ${words}`);
    saw(what);
  }

  for (const [what, shownBy] of FILES) {
    const file = what === "a sticker" ? page.locator(`img.sticker[data-testid=${shownBy}]`) : page.getByTestId(shownBy).first();
    await file.waitFor();
    saw(what);
  }

  const inOrder = await page.getByTestId("message").allTextContents();
  const placeOf = (start) => inOrder.findIndex((text) => text.startsWith(start));
  const [asked, answered] = [placeOf("Shall we send it again?"), placeOf("Alex KimShall we send it again?")];
  assert.ok(asked >= 0 && asked < answered, inOrder.join("\n"));
  saw("an answer below the question of the same second");

  const first = page.getByTestId("message").first();
  await first.getByTestId("reaction").filter({ hasText: "👍" }).waitFor();
  saw("our reaction");

  const deleted = page.getByTestId("message").filter({ hasText: "This message was deleted" });
  await deleted.getByText("Earlier versions").click();
  await deleted.getByText("This was better left unsaid.").waitFor();
  saw("what a deleted message said, as an administrator");

  const hidden = page.getByTestId("message").filter({ hasText: "Hidden: it has a blocked link" });
  await hidden.getByText("What it says").click();
  await hidden.getByText("You have won!").waitFor();
  saw("what a quarantined message says, as an administrator");
  if (SCREENSHOT) await hidden.screenshot({ path: SCREENSHOT.replace(/\.png$/, "-quarantined.png") });
  await hidden.getByRole("button", { name: "Show to everybody" }).click();
  await page.getByTestId("message").filter({ hasText: /You have won! Take it at/ }).waitFor();
  await hidden.waitFor({ state: "detached" });
  saw("a quarantined message shown to everybody");

  const thanks = page.getByTestId("message").filter({ hasText: "Thanks for everything!" }).first();
  await thanks.hover();
  await thanks.getByRole("button", { name: /^React to/ }).click();
  await thanks.getByRole("button", { name: "React with ✅" }).click();
  await page.locator("[data-testid=phone-15550100019]").getByText("✅").waitFor();
  saw("a reaction from the page on the phone");

  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run("main"));
  assert.deepEqual(
    violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`),
    [],
  );
  saw("nothing that shuts anybody out");
  if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT });
} finally {
  await browser.close();
}

function saw(what) {
  console.log(`saw ${what}`);
}
