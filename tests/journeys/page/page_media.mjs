// Uses the demo's page in Chromium: files of every kind come in and are shown, files go out by the attach button.
// Ends with 1 and the reason where something is not as it should be. PICTURE names a file that is sent.
import assert from "node:assert/strict";

import { opened } from "./chromium.mjs";

const { PAGE, SIMULATOR, NUMBER, PICTURE, NOTES } = process.env;
const ADA = "15550100011";

const { browser, page } = await opened({ height: 860 });
try {
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && /Content Security Policy/.test(line.text())) troubles.push(line.text());
  });

  await page.goto(PAGE);
  await page.getByTestId("thread-item").filter({ hasText: "Ada Moreno" }).click();
  for (const kind of ["image", "video", "audio", "document", "sticker"]) {
    const written = await fetch(`${SIMULATOR}/_sim/people/${ADA}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ to: NUMBER, kind, [kind]: {} }),
    });
    assert.equal(written.status, 201);
  }
  const inbox = page.getByRole("region", { name: "Messages", exact: true });
  await inbox.getByTestId("media-image").nth(1).waitFor();
  await inbox.getByTestId("media-video").waitFor();
  await inbox.getByTestId("media-audio").waitFor();
  await inbox.getByTestId("media-file").waitFor();
  await page.waitForFunction(() => {
    const first = document.querySelector("[data-testid=media-image]");
    return first instanceof HTMLImageElement && first.complete && first.naturalWidth > 0;
  });
  console.log("saw a picture, a film, a sound, a document and a sticker");

  await page.getByTestId("attach-files").setInputFiles([PICTURE, NOTES]);
  assert.equal(await page.getByTestId("attached-file").count(), 2);
  await page.getByTestId("composer").fill("Both of them");
  await page.getByTestId("send").click();
  const phone = page.getByTestId(`phone-${ADA}`);
  await phone.getByTestId("phone-message").filter({ hasText: "Both of them" }).getByTestId("phone-file").waitFor();
  await phone.getByRole("link", { name: "notes.txt" }).waitFor();
  assert.equal(await page.getByTestId("attached-file").count(), 0);
  console.log("saw two files on the phone, the words under the first");

  await page.getByTestId("attach-files").setInputFiles({
    name: "page.html",
    mimeType: "text/html",
    buffer: Buffer.from("<script>alert(1)</script>"),
  });
  await page.getByTestId("send").click();
  const problem = page.getByTestId("composer-problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /page\.html: text\/html can't be sent as a document/);
  console.log("saw why a file can't be sent");
  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}
