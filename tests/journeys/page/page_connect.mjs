// Connects a number in Chromium, from a sign-in at the simulated network to a number that works, with the refusals on
// the way. Ends with 1 and the reason where something is not as it should be. SCREENSHOTS names a folder for pictures.
import assert from "node:assert/strict";

import { complaints, noSidewaysScrolling, opened, pictures, watched } from "./chromium.mjs";

const { PAGE } = process.env;
const SIMULATOR = `${PAGE}/simulator`;

const { browser, page } = await opened({ height: 900 });
const picture = pictures(page, "connect");
try {
  const troubles = watched(page);
  const step = (title) => page.getByTestId("step").getByRole("heading", { name: title, exact: true });
  const next = page.getByTestId("step-next");

  await page.goto(PAGE);
  await page.getByTestId("to-numbers").click();
  await page.getByTestId("number-card").filter({ hasText: "Connected" }).waitFor();
  await page.getByTestId("month-forecast").waitFor();
  await complaints(page, "list of numbers");
  await picture("numbers");
  saw("the numbers and the month");

  await page.getByTestId("connect-number").click();
  await page.getByRole("heading", { name: "What has to be in place" }).waitFor();
  await complaints(page, "first step");
  await picture("sign-in");
  await page.getByTestId("sign-in-at-meta").click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByTestId("step-problem").filter({ hasText: "broken off" }).waitFor();
  await complaints(page, "sign-in that was broken off");
  saw("a sign-in that was broken off");

  await control("POST", "/_sim/tokens", { token: "half-a-token", scopes: ["whatsapp_business_messaging"] });
  await page.getByTestId("token").fill("no-token-at-all");
  await next.click();
  await page.getByTestId("step").getByTestId("step-problem").waitFor();
  await page.getByTestId("token").fill("half-a-\ntoken");
  await next.click();
  await page.getByTestId("permission").filter({ hasText: "Missing" }).waitFor();
  assert.equal(await next.isDisabled(), true);
  await complaints(page, "missing permission");
  await picture("permissions");
  await page.getByTestId("step-back").click();
  saw("a token without a permission");

  await page.getByTestId("sign-in-at-meta").click();
  await page.getByLabel("A new one:").check();
  await page.getByLabel("Legal name").fill("Harbour Goods GmbH");
  await page.getByLabel("Phone").fill("+49 421 5550100");
  await page.getByLabel("Website").fill("https://harbour.example");
  await page.getByLabel("Email").fill("hello@harbour.example");
  await page.getByLabel("Country").fill("DE");
  await page.getByLabel("Name of the WhatsApp account").fill("Harbour Goods");
  await page.getByLabel("Time zone of the account").fill("Europe/Berlin");
  await page.getByRole("button", { name: "Continue" }).click();
  await step("Permissions").waitFor();
  await next.click();
  await page.getByLabel(/Harbour Goods/).waitFor();
  await complaints(page, "account");
  await picture("account");
  await next.click();
  await page.getByTestId("trade").selectOption("RETAIL");
  await page.getByLabel("About").fill("Goods from the harbour");
  await complaints(page, "profile");
  await picture("profile");
  await next.click();
  saw("an account that the sign-up made");

  await page.getByTestId("new-number").fill("+1 555 010 0011");
  await page.getByTestId("new-name").fill("Harbour Goods");
  await page.getByTestId("add-number-now").click();
  await page.getByTestId("adding").getByTestId("step-problem").waitFor(); // somebody's own phone
  await complaints(page, "number that is a person's");
  await picture("refused");
  await page.getByTestId("new-number").fill("+49 421 5550199");
  await page.getByTestId("add-number-now").click();
  await page.getByTestId("send-code").click();
  await page.getByTestId("code").fill("000000");
  await page.getByTestId("check-code").click();
  await page.getByTestId("code-form").getByTestId("step-problem").waitFor();
  await complaints(page, "wrong code");
  await picture("code");
  await page.setViewportSize({ width: 320, height: 720 });
  await noSidewaysScrolling(page, "code");
  await picture("code-narrow");
  await page.setViewportSize({ width: 1440, height: 900 });
  const { numbers } = await control("GET", "/_sim");
  const id = numbers.at(-1).phoneNumberId;
  await control("PATCH", `/_sim/numbers/${id}`, { pin: "424242" });
  await page.getByTestId("code").fill((await control("GET", `/_sim/numbers/${id}`)).code.code);
  await page.getByTestId("check-code").click();
  await page.getByTestId("code-form").waitFor({ state: "detached" });
  saw("a new number and its code");

  await next.click();
  await page.getByTestId("terms").waitFor();
  assert.equal(await next.isDisabled(), true);
  await page.getByTestId("agree").check();
  await complaints(page, "terms");
  await picture("terms");
  // Back to the profile and on again, by the browser and by the page: everything is still there.
  await page.goBack();
  await step("Number").waitFor();
  await page.getByTestId("step-back").click();
  assert.equal(await page.getByLabel("About").inputValue(), "Goods from the harbour");
  await next.click();
  await next.click();
  assert.equal(await page.getByTestId("agree").isChecked(), true);
  await next.click();
  saw("that going back loses nothing");

  await step("Destination").waitFor();
  await complaints(page, "destination");
  await next.click();
  await page.getByTestId("step-problem").filter({ hasText: "another PIN" }).waitFor();
  await page.getByTestId("pin").fill("424242");
  await complaints(page, "number with a PIN");
  await picture("destination");
  await next.click();
  await page.getByRole("heading", { name: "Harbour Goods", exact: true }).waitFor();
  await page.getByTestId("number-state").filter({ hasText: "Connected" }).waitFor();
  await page.getByText("Goods from the harbour").waitFor();
  await page.getByText("Shops and retail").waitFor();
  await complaints(page, "number's page");
  await picture("number");
  await page.setViewportSize({ width: 320, height: 720 });
  await noSidewaysScrolling(page, "number's page");
  await picture("number-narrow");
  await page.getByRole("link", { name: "‹ Numbers" }).click();
  await page.getByTestId("number-card").nth(1).waitFor();
  await noSidewaysScrolling(page, "list of numbers");
  await picture("numbers-narrow");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "dark" });
  await complaints(page, "list of numbers in the dark");
  await picture("numbers-dark");
  saw("the number connected");

  await page.getByRole("link", { name: "Harbour Goods" }).click();
  await picture("number-dark");
  await page.getByTestId("disconnect").click();
  await page.getByTestId("disconnect-dialog").getByText("until it is connected again").waitFor();
  await complaints(page, "question before disconnecting");
  await picture("disconnect");
  await page.getByTestId("disconnect-really").click();
  await page.getByTestId("number-state").filter({ hasText: "Disconnected" }).waitFor();
  await complaints(page, "disconnected number");
  await picture("disconnected");
  saw("the number disconnected");

  await page.getByRole("link", { name: "‹ Numbers" }).click();
  await page.getByRole("link", { name: "Acme Support" }).click();
  await page.getByTestId("disconnect").click();
  await page.getByTestId("disconnect-really").click();
  await page.getByTestId("number-state").filter({ hasText: "Disconnected" }).waitFor();
  await page.getByTestId("to-inbox").click();
  await page.getByTestId("thread-item").filter({ hasText: "Ada Moreno" }).click();
  await page.getByTestId("held-back").filter({ hasText: "is disconnected" }).waitFor();
  await page.locator(".filter label").filter({ hasText: "Closed" }).click();
  await page.getByTestId("no-number").getByRole("link", { name: "Connect a number" }).waitFor();
  await complaints(page, "desk without a number");
  await picture("no-number");
  saw("a desk without a number");

  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}

async function control(method, path, body) {
  const answer = await fetch(SIMULATOR + path, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.ok, true, `${path}: ${answer.status}`);
  return answer.json();
}

function saw(what) {
  console.log(`saw ${what}`);
}
