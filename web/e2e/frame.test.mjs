// The frame: the palette, the shortcuts, and what else goes by keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, ask, composer, log, openProject, Server, startBrowser, turnEnded } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await Server.started();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const palette = (page) => page.getByRole("dialog", { name: "Command palette" });

test("the palette finds actions, chats and models by a few letters, and remembers what was used", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello to the palette");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  const chat = page.url();

  await page.keyboard.press("Control+k");
  await palette(page)
    .getByRole("option", { name: /New chat/ })
    .waitFor();
  await accessible(page);
  await page.keyboard.type("gtts");
  await palette(page).getByRole("option", { name: "Go to the start" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Start", exact: true }).waitFor();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("hello pal");
  await palette(page)
    .getByRole("option", { name: /say hello to the palette/ })
    .waitFor();
  await page.keyboard.press("Enter");
  await log(page).getByText("Hello to you.").waitFor();
  assert.equal(page.url(), chat);

  // What was used last stands first; a thing opens beside with Ctrl.
  await page.keyboard.press("Control+k");
  const [first, second] = await palette(page).getByRole("option").allTextContents();
  assert.match(`${first} ${second}`, /say hello to the palette.* Go to the start/);
  await page.keyboard.type("settings");
  await palette(page)
    .getByRole("option", { name: /^Settings/ })
    .waitFor();
  await page.keyboard.press("Escape");
  await palette(page).waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("atlas");
  await palette(page)
    .getByRole("option", { name: /atlas.*\/atlas/ })
    .waitFor();
  await page.keyboard.press("Control+Enter");
  await page.locator("section[data-pane=project]").waitFor();
  assert.equal(await page.locator("section[data-pane]").count(), 2);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("zzzz");
  await palette(page).getByText("Nothing is called so.").waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a question mark shows the shortcuts of the pane, but not while one types", async () => {
  const page = await openProject(browser, server);
  const dialog = page.getByRole("dialog", { name: "Shortcuts" });
  await composer(page).press("?");
  assert.equal(await composer(page).inputValue(), "?");
  assert.equal(await dialog.count(), 0);
  await composer(page).fill("");
  await page.getByRole("main").press("?");
  await dialog.getByText("Send the message").waitFor();
  await dialog.getByText("Find anything").waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("/");
  assert.equal(await composer(page).evaluate((field) => field === document.activeElement), true);
  await page.context().close();
});
