// Replay of a chat: step by step, filtered, by address, and on from any place as a fork.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, ask, log, openPage, openProject, Server, startBrowser, turnEnded } from "./harness.mjs";

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

const current = (page) => page.getByRole("list", { name: "Events" }).locator("[aria-current=true]");
const state = (page) => page.getByRole("region", { name: "The state after it" });

async function opened(options) {
  const page = await openProject(browser, server, options);
  await ask(page, "what is in here?");
  await log(page).getByText("That is all.").waitFor();
  await turnEnded(page);
  await page.getByRole("button", { name: "What can be done with the chat" }).click();
  await page.getByRole("menuitem", { name: "Replay, step by step" }).click();
  await current(page).waitFor();
  return page;
}

test("a chat is replayed event by event, and what each changed is marked", async () => {
  const page = await opened();
  await state(page).getByText("messages", { exact: true }).first().waitFor();
  await page.keyboard.press("Home");
  await page.getByText(/^revision 0 of \d+$/).waitFor();
  await current(page).getByText("ChatOpened").waitFor();
  await state(page)
    .getByRole("img", { name: /added|changed/ })
    .first()
    .waitFor();
  await accessible(page);
  await page.keyboard.press("j");
  await current(page).getByText("MessagePosted").waitFor();
  await state(page).getByText('"what is in here?"').first().waitFor();
  await page.waitForURL(/\/replay@1(\?|$)/);
  await page.reload();
  await current(page).getByText("MessagePosted").waitFor();
  await page.keyboard.press("k");
  await current(page).getByText("ChatOpened").waitFor();
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.waitForURL(/\/replay(\?|$)/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("events are filtered, walked through, and the next change of a place is found", async () => {
  const page = await opened();
  const events = page.getByRole("list", { name: "Events" });
  await page.getByRole("combobox", { name: "Type" }).selectOption("ToolStarted");
  await events.getByText("ToolStarted").first().waitFor();
  await events.getByText("ChatOpened").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Clear" }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("what is in here");
  await events.getByText("ToolStarted").first().waitFor({ state: "detached" });
  await events.getByText("MessagePosted").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox", { name: "Words in the events" }).fill("no such words");
  await page.getByText("No event is like that.").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: "First event (Home)" }).click();
  await current(page).getByText("ChatOpened").waitFor();
  await state(page)
    .getByRole("button", { name: /^turns/ })
    .click();
  await page.keyboard.press("n");
  await current(page).getByText("TurnStarted").waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a chat goes on as another from any revision, and a revision that is not there is told", async () => {
  const page = await opened();
  const address = page.url();
  await page.goto(`${address}@1`);
  await current(page).getByText("MessagePosted").waitFor();
  await page.getByRole("button", { name: "Fork here" }).click();
  await log(page).getByText("what is in here?").waitFor();
  assert.equal(await log(page).getByText("That is all.").count(), 0);
  assert.notEqual(page.url().split("/c/")[1], address.split("/c/")[1].split("/")[0]);
  await page.goto(`${address}@99999`);
  await page.getByText("There is no revision 99,999").waitFor();
  const other = await openPage(browser);
  await other.goto(server.address);
  await other.goto(address.replace(/c\/[^/]+/, "c/00000000-0000-7000-8000-000000000000"));
  await other
    .getByText(/There is no|there is no/)
    .first()
    .waitFor();
  assert.deepEqual([...page.errors, ...other.errors], []);
  await page.context().close();
  await other.context().close();
});

test("on a phone the events stand above the state, and nothing is cut off", async () => {
  const phone = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true };
  const page = await opened(phone);
  await state(page).getByText("messages", { exact: true }).first().waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `the page is ${width} wide`);
  await accessible(page);
  await page.context().close();
});
