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
