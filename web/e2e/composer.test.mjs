// The field for messages: commands, what was said before, what stands in its foot.
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

/** A page with a chat in which one greeting was answered. */
async function greeted() {
  const page = await openProject(browser, server);
  await ask(page, "say hello");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  return page;
}

test("commands are listed after a slash, filtered as one types, and done by keys alone", async () => {
  const page = await greeted();
  const list = page.getByRole("listbox", { name: "Commands" });
  await composer(page).press("/");
  await list.getByRole("option", { name: /\/rename/ }).waitFor();
  assert.ok((await list.getByRole("option").count()) >= 4);
  await accessible(page);
  await composer(page).pressSequentially("mo");
  assert.equal(await list.getByRole("option").count(), 1);
  await composer(page).press("Tab");
  assert.equal(await composer(page).inputValue(), "/model ");
  await composer(page).fill("/re");
  await list.getByRole("option", { selected: true, name: /\/rename/ }).waitFor();
  await composer(page).fill("/rename A greeting, renamed");
  await composer(page).press("Enter");
  await page.getByRole("heading", { name: "A greeting, renamed" }).waitFor();
  assert.equal(await composer(page).inputValue(), "");
  await composer(page).fill("/rename");
  await composer(page).press("Enter");
  await page.getByRole("textbox", { name: "Name" }).fill("Renamed again");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Renamed again" }).waitFor();
  await composer(page).fill("/model");
  await composer(page).press("Enter");
  await page.getByPlaceholder("Search, or name one").waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("Escape closes the list and stops nothing, and what is no command is a message", async () => {
  const page = await greeted();
  await ask(page, "tell a long story");
  await turnOpen(page);
  const list = page.getByRole("listbox", { name: "Commands" });
  await composer(page).press("/");
  await list.waitFor();
  await composer(page).press("Escape");
  await list.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.documentElement.dataset.turn), "open");
  assert.equal(await composer(page).inputValue(), "/");
  await composer(page).fill("/stop");
  await composer(page).press("Enter");
  await turnEnded(page);
  await ask(page, "/etc/hosts: say hello about it");
  await log(page).getByText("/etc/hosts: say hello about it").waitFor();
  await page.context().close();
});

test("the up arrow goes back through what was said, the down arrow returns", async () => {
  const page = await greeted();
  await ask(page, "say hello to the moon");
  await log(page).getByText("say hello to the moon").waitFor();
  await turnEnded(page);
  const value = () => composer(page).inputValue();
  await composer(page).press("ArrowUp");
  assert.equal(await value(), "say hello to the moon");
  await composer(page).press("ArrowUp");
  assert.equal(await value(), "say hello");
  await composer(page).press("ArrowUp");
  assert.equal(await value(), "say hello");
  await composer(page).press("ArrowDown");
  assert.equal(await value(), "say hello to the moon");
  await composer(page).press("ArrowDown");
  assert.equal(await value(), "");
  await page.context().close();
});

test("the up arrow takes back what waits, to be changed", async () => {
  const page = await greeted();
  await ask(page, "tell a long story");
  await turnOpen(page);
  await ask(page, "say hello to the sun");
  const queue = page.getByRole("list", { name: "Waiting messages" });
  await queue.getByText("say hello to the sun").waitFor();
  await composer(page).press("ArrowUp");
  assert.equal(await composer(page).inputValue(), "say hello to the sun");
  await queue.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Stop" }).click();
  await turnEnded(page);
  await page.context().close();
});

test("the foot says how fast is written and how much the conversation takes", async () => {
  const page = await greeted();
  await ask(page, "tell a long story");
  await page.getByText(/~\d+ tokens\/s/).waitFor();
  await page.getByText(/in context|tokens of context used/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await turnEnded(page);
  await page.getByText(/tokens\/s/).waitFor({ state: "detached" });
  await page.context().close();
});

test("files are completed after an at sign, and folders lead on into them", async () => {
  const page = await greeted();
  const list = page.getByRole("listbox", { name: "Files" });
  await composer(page).pressSequentially("look at @man");
  await list.getByRole("option", { name: /main\.rs/ }).waitFor();
  await accessible(page);
  await composer(page).press("Enter");
  assert.equal(await composer(page).inputValue(), "look at @src/main.rs ");
  await composer(page).pressSequentially("and @src");
  await list.getByRole("option", { name: /^src\// }).waitFor();
  while ((await list.getByRole("option", { selected: true, name: /^src\// }).count()) === 0)
    await composer(page).press("ArrowDown");
  await composer(page).press("Tab");
  assert.equal(await composer(page).inputValue(), "look at @src/main.rs and @src/");
  await list.getByRole("option", { name: /main\.rs/ }).waitFor();
  await composer(page).pressSequentially("no-such-file");
  await page.getByText("No file or folder fits “src/no-such-file”.").waitFor();
  await composer(page).press("Escape");
  await page.getByText("No file or folder fits").waitFor({ state: "detached" });
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Lets files fall into the field, or pastes them there. */
async function give(page, type, files) {
  const data = await page.evaluateHandle((wanted) => {
    const transfer = new DataTransfer();
    for (const { name, kind, bytes } of wanted)
      transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: kind }));
    return transfer;
  }, files);
  await composer(page).dispatchEvent(
    type,
    type === "paste" ? { clipboardData: data } : { dataTransfer: data },
  );
}

test("images and texts go with a message: chosen, dropped or pasted, kept through a reload", async () => {
  const page = await greeted();
  const chips = page.getByRole("list", { name: "Files of this message" });
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: PIXEL });
  await chips.getByText("a.png").waitFor();
  await give(page, "drop", [
    { name: "notes.txt", kind: "text/plain", bytes: [...Buffer.from("some notes")] },
  ]);
  await chips.getByText("notes.txt").waitFor();
  await give(page, "drop", [{ name: "b.png", kind: "image/png", bytes: [...PIXEL] }]);
  await chips.getByText("b.png").waitFor();
  await give(page, "drop", [{ name: "noise.png", kind: "image/png", bytes: [1, 2, 3] }]);
  await chips.getByRole("button", { name: "Try noise.png again" }).waitFor();
  await chips.getByRole("button", { name: "Take out noise.png" }).click();
  await accessible(page);
  await page.waitForFunction(
    () => document.querySelectorAll("[aria-label='Files of this message'] img").length === 2,
  );
  await page.reload();
  await chips.getByText("notes.txt").waitFor();
  await ask(page, "say hello to these");
  const message = log(page).getByRole("article", { name: "You" }).last();
  await message.getByRole("link", { name: /notes\.txt/ }).waitFor();
  await chips.waitFor({ state: "detached" });
  await message.getByRole("button", { name: "Show a.png large" }).click();
  const large = page.getByRole("dialog", { name: "a.png" });
  await large.getByText("1 of 2").waitFor();
  await accessible(page);
  await page.keyboard.press("ArrowRight");
  await page.getByRole("dialog", { name: "b.png" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await turnEnded(page);
  await page.reload();
  await message.getByRole("button", { name: "Show b.png large" }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
