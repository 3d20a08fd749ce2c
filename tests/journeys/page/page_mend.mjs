// A number's token dies in the middle of the day: whoever writes is told, and an administrator mends it in Chromium with
// one click on the banner, one paste and one save. Ends with 1 and the reason where something is not as it should be.
// SCREENSHOTS names a folder for pictures.
import assert from "node:assert/strict";

import { complaints, noSidewaysScrolling, opened, pictures, watched } from "./chromium.mjs";

const { PAGE } = process.env;
const CONTROL = `${PAGE}/simulator/_sim`;
const ADA = "15550100011";

const { browser, page } = await opened({ height: 900 });
const picture = pictures(page, "mend");
try {
  const troubles = watched(page);
  await page.goto(PAGE);
  await page.getByTestId("thread-item").filter({ hasText: "Ada Moreno" }).click();
  await page.getByTestId("composer").waitFor();

  await control("POST", "/tokens", { token: "a-token-that-works" });
  await control("POST", "/faults", { kind: "revoke_token" });
  await page.getByTestId("composer").fill("It is on its way.");
  await page.keyboard.press("Enter");
  await page.getByTestId("held-back").waitFor();
  await page.getByTestId("channel-banner").waitFor();
  await complaints(page, "conversation whose number can't send");
  await picture("conversation");
  await page.setViewportSize({ width: 320, height: 720 });
  await noSidewaysScrolling(page, "conversation whose number can't send");
  await picture("conversation-narrow");
  await page.setViewportSize({ width: 1440, height: 900 });
  saw("whoever writes told why it does not leave");

  await page.getByTestId("to-numbers").click();
  await page.getByTestId("number-card").filter({ hasText: "Has a problem" }).waitFor();
  await complaints(page, "list with a number that has a problem");
  await picture("numbers");
  await page.getByTestId("mend").click();
  await page.locator("[data-testid=new-token-field]:focus").waitFor();
  await page.getByTestId("number-problems").waitFor();
  await complaints(page, "number with a problem");
  await picture("number");
  await page.keyboard.insertText("no-token-of-yours");
  await page.keyboard.press("Enter");
  await page.getByTestId("change-problem").waitFor();
  await picture("refused");
  saw("a token that reaches nothing refused");

  await page.getByTestId("new-token-field").fill("");
  await page.keyboard.insertText("a-token-that-works");
  await page.keyboard.press("Enter");
  await page.getByTestId("number-state").filter({ hasText: "Connected" }).waitFor();
  await page.getByText("The new token works.").waitFor();
  await page.getByTestId("number-problems").waitFor({ state: "detached" });
  assert.equal(await page.getByTestId("channel-banner").count(), 0);
  await picture("mended");

  await page.getByTestId("number-name").fill("Front desk");
  await page.getByTestId("reopen-policy").selectOption("NEW_TICKET");
  await page.getByTestId("read-receipts").check();
  await page.getByRole("form", { name: "How it is worked with" }).getByTestId("save").click();
  await page.getByRole("heading", { name: "Front desk" }).waitFor();
  await page.getByTestId("change-profile").click();
  await page.getByLabel("About").fill("Here from nine to five");
  await complaints(page, "profile being changed");
  await picture("profile");
  await page.getByRole("form", { name: "Profile" }).getByTestId("save").click();
  await page.getByTestId("change-profile").waitFor();
  await page.getByText("Here from nine to five").waitFor();
  saw("name, policy and profile changed");

  await page.getByTestId("to-inbox").click();
  await page.getByTestId("held-back").waitFor({ state: "detached" });
  await page.getByTestId(`phone-${ADA}`).getByTestId("phone-message").filter({ hasText: "on its way" }).waitFor();
  saw("what waited on the phone");

  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}

async function control(method, path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(CONTROL + path, { method, headers, body: body && JSON.stringify(body) });
  assert.equal(answer.ok, true, `${path}: ${answer.status}`);
}

function saw(what) {
  console.log(`saw ${what}`);
}
