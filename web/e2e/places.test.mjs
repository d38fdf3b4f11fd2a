// Places in a chat and chats that come from others: searching, links to a message, forks, what was put away.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessible,
  ask,
  composer,
  connected,
  log,
  openPage,
  openProject,
  Server,
  startBrowser,
  turnEnded,
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

/** A page with a chat of so many greetings, of which it holds the last. */
async function greetings(count, options) {
  const page = await openProject(browser, server, options);
  await ask(page, "say hello 1");
  await log(page).getByText("Hello to you.").waitFor();
  for (let number = 2; number <= count; number += 1) await ask(page, `say hello ${number}`);
  await log(page).getByText(`say hello ${count}`, { exact: true }).waitFor({ timeout: 60_000 });
  await turnEnded(page);
  await page.reload();
  await log(page).getByText(`say hello ${count}`, { exact: true }).waitFor();
  return page;
}

const said = (page, text) => log(page).getByRole("article", { name: "You" }).filter({ hasText: text });

/** Whether an element stands where one sees it. */
function seen(locator) {
  return locator.first().evaluate((element) => {
    const box = element.getBoundingClientRect();
    const view = element.closest("[role=log]").getBoundingClientRect();
    return box.bottom > view.top && box.top < view.bottom;
  });
}

async function doWith(page, locator, deed) {
  await locator.hover();
  await locator.getByRole("button", { name: /^What can be done with this/ }).click();
  await page.getByRole("menuitem", { name: deed }).click();
}

test("words are found in all of a chat, and gone to wherever they are", async () => {
  const page = await greetings(40);
  await page.keyboard.press("Control+f");
  const field = page.getByRole("textbox", { name: "Words to look for" });
  await field.fill("HELLO  3");
  const finds = page.getByRole("list", { name: "Finds" });
  await finds.getByText("say hello 39").waitFor();
  await finds.getByText("say hello 3", { exact: true }).waitFor();
  assert.equal(await finds.getByRole("listitem").count(), 11);
  await accessible(page);
  await field.press("Enter");
  await page.getByText("1 of 11").waitFor();
  await field.press("ArrowUp");
  await page.getByText("11 of 11").waitFor();
  await said(page, /^say hello 3\D/).waitFor();
  assert.ok(await seen(said(page, /^say hello 3\D/)));
  assert.equal(await page.evaluate(() => CSS.highlights.get("found")?.size), 1);
  await field.fill("no such words");
  await page.getByText("nothing found").waitFor();
  await field.press("Escape");
  await field.waitFor({ state: "detached" });
  assert.ok(await composer(page).evaluate((element) => element === document.activeElement));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what a tool gave is found and opened", async () => {
  const page = await openProject(browser, server);
  await ask(page, "what is in here?");
  await log(page).getByText("That is all.").waitFor();
  await turnEnded(page);
  await ask(page, "/search project for journeys");
  await page.getByRole("list", { name: "Finds" }).getByRole("button").first().click();
  await log(page).locator("pre").getByText("A small project for journeys").waitFor();
  await page.context().close();
});

test("a link leads to a message, wherever it is, and back to it", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const page = await greetings(40, { permissions });
  await log(page).press("Home");
  await said(page, /^say hello 2\D/).waitFor();
  await doWith(page, said(page, /^say hello 2\D/), "Copy a link to it");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#pin=/);

  const other = await openPage(browser);
  await other.goto(server.address);
  await connected(other);
  await other.goto(link);
  await said(other, /^say hello 2\D/).waitFor();
  await other.getByText("Pinned message").waitFor();
  await other.waitForFunction(() => document.querySelector("[data-arrived]") !== null);
  assert.ok(await seen(said(other, /^say hello 2\D/)));
  await accessible(other);
  await log(other).press("End");
  await said(other, "say hello 40").waitFor();
  await other.waitForFunction(() => document.querySelector("[data-arrived]") === null);
  await other.getByRole("button", { name: "Jump to pinned" }).click();
  await said(other, /^say hello 2\D/).waitFor();
  await other.getByRole("button", { name: "Forget the pinned message" }).click();
  assert.doesNotMatch(other.url(), /pin/);
  await other.goto(`${link.split("#")[0]}#pin=7.7.7`);
  await other.getByText("The pinned message is not in this chat").waitFor();
  assert.deepEqual([...page.errors, ...other.errors], []);
  await page.context().close();
  await other.context().close();
});

test("a message is edited and asked anew in a fork, which leads back", async () => {
  const page = await greetings(3);
  const before = page.url();
  await doWith(page, said(page, "say hello 2"), "Edit and ask anew");
  const field = page.getByRole("textbox", { name: "The message, to be changed" });
  assert.equal(await field.inputValue(), "say hello 2");
  await accessible(page);
  await field.press("Escape");
  await field.waitFor({ state: "detached" });
  await doWith(page, said(page, "say hello 2"), "Edit and ask anew");
  await field.fill("say hello to the fork");
  await field.press("Enter");
  await said(page, "say hello to the fork").waitFor();
  await turnEnded(page);
  assert.notEqual(page.url(), before);
  assert.equal(await said(page, "say hello 1").count(), 1);
  assert.equal(await said(page, "say hello 2").count(), 0);
  await accessible(page);
  await page.getByRole("link", { name: /^Fork of/ }).click();
  await page.waitForURL(before);
  await said(page, "say hello 3").waitFor();
  assert.equal(await said(page, "say hello to the fork").count(), 0);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a chat is forked after a turn and as it is, and another model is asked the same", async () => {
  const page = await greetings(2);
  const before = page.url();
  const end = log(page).locator("[data-message=end]").first();
  await doWith(page, end, "Fork from here");
  await page.waitForURL((url) => url.href !== before);
  await said(page, "say hello 1").waitFor();
  assert.equal(await said(page, "say hello 2").count(), 0);
  const second = page.url();
  await ask(page, "/fork");
  await page.waitForURL((url) => url.href !== second);
  await said(page, "say hello 1").waitFor();
  const third = page.url();
  await doWith(page, said(page, "say hello 1"), "Ask another model");
  const dialog = page.getByRole("dialog", { name: "Ask another model" });
  await accessible(page);
  await dialog.getByRole("button", { name: "Ask", exact: true }).click();
  await page.waitForURL((url) => url.href !== third);
  await said(page, "say hello 1").waitFor();
  await log(page).getByText("Hello to you.").waitFor();
  await page.context().close();
});

test("a chat is put away, says so, and is brought back", async () => {
  const page = await greetings(1);
  await page.getByRole("button", { name: "What can be done with the chat" }).click();
  await page.getByRole("menuitem", { name: "Put the chat away" }).click();
  await page.getByText("This chat was put away.").waitFor();
  await accessible(page);
  await page.reload();
  await page.getByRole("button", { name: "Bring it back" }).click();
  await page.getByText("This chat was put away.").waitFor({ state: "detached" });
  await ask(page, "/archive");
  await page.getByText("This chat was put away.").waitFor();
  await ask(page, "say hello again");
  await page.getByText("This chat was put away.").waitFor({ state: "detached" });
  await page.context().close();
});
