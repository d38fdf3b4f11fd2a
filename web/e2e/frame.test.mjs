// The frame: the palette, the shortcuts, and what else goes by keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessible,
  ask,
  composer,
  log,
  openProject,
  Server,
  startBrowser,
  turnEnded,
  turnOpen,
} from "./harness.mjs";

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
  await page.keyboard.type("gohm");
  await palette(page).getByRole("option", { name: "Go home" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();

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
  assert.match(`${first} ${second}`, /say hello to the palette.* Go home/);
  await page.keyboard.type("settings");
  await palette(page).getByRole("option", { name: "Settings: Models" }).waitFor();
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

test("the rail goes by arrows, is filtered, and renames and archives under the right mouse button", async () => {
  const page = await openProject(browser, server);
  const rail = page.getByRole("navigation", { name: "Projects and sessions" });
  await ask(page, "say hello from the rail");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await page.getByRole("main").press("f");
  const filter = rail.getByRole("searchbox");
  await filter.fill("from the rail");
  const row = rail.getByRole("link", { name: /say hello from the rail/ });
  await rail.getByRole("link", { name: /to the palette/ }).waitFor({ state: "detached" });
  await filter.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await row.evaluate((link) => link === document.activeElement), true);
  await filter.press("Escape");
  assert.equal(await filter.inputValue(), "");

  const project = rail.getByRole("link", { name: "atlas", exact: true });
  await project.focus();
  await page.keyboard.press("ArrowLeft");
  await row.waitFor({ state: "detached" });
  await page.keyboard.press("ArrowRight");
  await row.waitFor();

  await row.click({ button: "right" });
  await accessible(page);
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Renamed here");
  await page.keyboard.press("Enter");
  const renamed = rail.getByRole("link", { name: /Renamed here/ });
  await renamed.click({ button: "right" });
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await renamed.waitFor({ state: "detached" });

  await rail.getByRole("link", { name: "Archived" }).click();
  await page.getByRole("link", { name: "Renamed here" }).waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Bring back Renamed here" }).click();
  await page.getByText("Nothing is put away").waitFor();
  await renamed.waitFor();
  await page.context().close();
});

test("home says what runs, what waits and what has ended, and today's tokens", async () => {
  const page = await openProject(browser, server);
  await ask(page, "fail for good");
  await log(page).getByText("The key was refused").first().waitFor();
  await turnEnded(page);
  await page.keyboard.press("Alt+N");
  await ask(page, "tell a long story");
  await turnOpen(page);
  await page.keyboard.press("Alt+H");
  const running = page.getByRole("region", { name: "Running" });
  await running.getByRole("link", { name: /tell a long story/ }).waitFor();
  await page
    .getByRole("region", { name: "Waiting for you" })
    .getByRole("link", { name: /fail for good/ })
    .waitFor();
  await page.getByText(/^Today (about )?[\d.,KM]+ tokens/).waitFor();
  await page.waitForFunction(() => /running · Home · Reenact$/.test(document.title));
  await accessible(page);
  await running.getByRole("link").click();
  await page.keyboard.press("Escape");
  await turnEnded(page);
  await page.context().close();
});

test("each part of the status line opens more", async () => {
  const page = await openProject(browser, server);
  await ask(page, "what is in here?");
  await log(page).getByText("That is all.").waitFor();
  await turnEnded(page);
  const line = page.getByRole("contentinfo");
  await line.getByRole("button", { name: /connected/ }).click();
  await page.getByRole("dialog", { name: "Connection" }).getByText("Position").waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await line.getByRole("button", { name: /tokens/ }).click();
  await page
    .getByRole("dialog", { name: "Tokens of this chat" })
    .getByText(/\(\d+ %\)/)
    .waitFor();
  await page.keyboard.press("Escape");
  await line.getByRole("button", { name: /revision/ }).click();
  await page.getByRole("link", { name: "The events as JSON" }).waitFor();
  await page.keyboard.press("Escape");
  await line.getByRole("link", { name: "log in order" }).click();
  await page.getByText("no troubles").waitFor();
  await page.context().close();
});
