// Uses the demo's page in Chromium as a new user would, and says what it saw, a line a step. Ends with 1 and the reason
// where something is not as it should be. SCREENSHOT names a file for the picture of the inbox.
import assert from "node:assert/strict";

import { axe, opened } from "./chromium.mjs";

const { PAGE, SCREENSHOT } = process.env;
const ADA = "15550100011";
const BEN = "15550100012";

const { browser, page } = await opened({ height: 860 });
try {
  const troubles = watch(page);

  await page.goto(PAGE);
  await thread(page, "Ada Moreno").waitFor();
  saw("the inbox with Ada's first message");
  await complaints(page, "inbox");

  await page.getByTestId(`phone-input-${BEN}`).fill("Hello, do you deliver to Ghent?");
  await page.getByTestId(`phone-input-${BEN}`).press("Enter");
  await thread(page, "Ben Okafor").filter({ hasText: "Hello, do you deliver to Ghent?" }).waitFor();
  saw("a new thread at once when a phone writes");

  await thread(page, "Ben Okafor").click();
  await message(page, "INBOUND", "Hello, do you deliver to Ghent?").waitFor();
  assert.equal(await page.getByTestId("ticket-status").getAttribute("data-status"), "NEW");
  assert.match(await page.getByTestId("session-countdown").innerText(), /2[34]/);
  saw("its ticket and the running session");

  await page.getByTestId("composer").fill("We do, within two days.");
  await page.getByTestId("send").click();
  const onThePhone = page.getByTestId(`phone-${BEN}`).getByTestId("phone-message").filter({ hasText: "We do, within two days." });
  await onThePhone.waitFor();
  saw("the answer on the phone");

  const sent = message(page, "OUTBOUND", "We do, within two days.");
  await sent.and(page.locator("[data-status=READ]")).waitFor();
  assert.equal(await sent.count(), 1);
  saw("blue ticks");
  await page.locator("[data-testid=ticket-status][data-status=WAITING_ON_CONTACT]").waitFor();
  saw("the ticket waiting on the contact");

  await page.getByTestId("owner-select").selectOption({ label: "Sam Rivera" });
  await page.waitForFunction(
    () => document.querySelector("[data-testid=owner-select]")?.selectedOptions[0]?.label === "Sam Rivera",
  );
  saw("the new owner");

  if (!SCREENSHOT) await useTheLibrary(page); // the README's picture shows a conversation without it

  if (SCREENSHOT) await nextSecond(page); // the network tells whole seconds, and a picture should look unhurried
  await page.getByTestId(`phone-input-${BEN}`).fill("That is quick, thank you! 🎉");
  await page.getByTestId(`phone-input-${BEN}`).press("Enter");
  await message(page, "INBOUND", "That is quick").waitFor();
  await page.locator("[data-testid=ticket-status][data-status=WAITING_ON_US]").waitFor();
  await complaints(page, "conversation");
  if (SCREENSHOT) await picture(page, SCREENSHOT);

  await page.reload();
  await message(page, "OUTBOUND", "We do, within two days.").and(page.locator("[data-status=READ]")).waitFor();
  saw("everything again after a reload");

  await beginConversation(page);
  await thread(page, "Ben Okafor").click();
  await message(page, "OUTBOUND", "We do, within two days.").waitFor();

  await page.getByTestId("close-or-reopen").click();
  await page.locator("[data-testid=ticket-status][data-status=CLOSED]").waitFor();
  saw("the ticket closed");

  await page.setViewportSize({ width: 390, height: 844 });
  await complaints(page, "narrow screen");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "it scrolls sideways");
  saw("it fits a narrow screen");

  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}

async function useTheLibrary(page) {
  await page.getByTestId("library-open").click();
  await page.getByTestId("library").getByRole("searchbox").fill("DELIVERY");
  await page.getByTestId("library-item").filter({ hasText: "Delivery times" }).waitFor();
  await complaints(page, "library");
  await page.getByTestId("library-item").filter({ hasText: "Delivery times" }).click();
  assert.equal(await page.getByTestId("composer").inputValue(), "Orders leave the same day and arrive within three.");
  await page.getByTestId("composer").fill("");
  await page.getByTestId("library-open").click();
  await page.getByTestId("library-item").filter({ hasText: "Book a call" }).click();
  const link = page.getByTestId(`phone-${BEN}`).getByTestId("phone-message").filter({ hasText: "acme.example/book" });
  await link.waitFor();
  saw("a link of the library on the phone");
}

async function beginConversation(page) {
  await page.getByTestId("new-conversation").click();
  await page.getByTestId("beginning-number").fill("0155 501");
  await page.locator("[data-testid=template-choice][data-template=welcome_back]").click();
  await page.getByTestId("template-verdict").filter({ hasText: "country code" }).waitFor();
  saw("why it could not be sent, before it was sent");
  await page.getByTestId("beginning-number").fill("+1 (555) 010-0042");
  await page.getByTestId("template-verdict").filter({ hasText: "Takes one of this month's conversations." }).waitFor();
  await complaints(page, "new conversation");
  await page.getByTestId("send-template").click();
  await page.getByTestId("beginning").waitFor({ state: "detached" });
  await message(page, "OUTBOUND", "Welcome back!").waitFor();
  await thread(page, "+15550100042").waitFor();
  saw("a conversation with somebody who never wrote");
}

function thread(page, contact) {
  return page.getByTestId("thread-list").locator(`[data-testid=thread-item][data-contact="${contact}"]`);
}

function message(page, direction, text) {
  return page.locator(`[data-testid=message][data-direction=${direction}]`).filter({ hasText: text });
}

// What the browser complains about: errors, and anything asked of another place than the page's own.
function watch(page) {
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) troubles.push(`${line.type()}: ${line.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== PAGE && url.protocol !== "data:") troubles.push(`asked ${url.origin}`);
  });
  return troubles;
}

async function complaints(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  assert.deepEqual(told, [], `axe-core finds something wrong with the ${where}`);
  saw(`nothing for axe-core to complain about: ${where}`);
}

async function nextSecond(page) {
  await page.waitForFunction((second) => Math.floor(Date.now() / 1000) > second, Math.floor(Date.now() / 1000));
}

async function picture(page, file) {
  await page.setViewportSize({ width: 1440, height: 760 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: file, animations: "disabled" });
}

function saw(what) {
  console.log(`saw ${what}`);
}
