// Split panes: opened, resized, moved, closed by mouse and by keys, and carried by the address.
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

const panes = (page) => page.locator("section[data-pane]");
const kinds = (page) =>
  panes(page).evaluateAll((all) => {
    const place = (element) => element.getBoundingClientRect();
    return all
      .sort((a, b) => place(a).left - place(b).left || place(a).top - place(b).top)
      .map((element) => element.dataset.pane);
  });
const active = (page) => page.locator("section[data-active]").getAttribute("data-pane");

/** Drags as a hand does: over many places on the way. */
async function drag(page, from, to) {
  await from.hover();
  await page.mouse.down();
  await page.mouse.move(to.x - 40, to.y - 10, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

test("a chat is split by a key, the new pane begins another chat, and the link shows both", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await page.keyboard.press("Alt+\\");
  await panes(page).nth(1).waitFor();
  assert.deepEqual(await kinds(page), ["chat", "session"]);
  assert.equal(await active(page), "session");
  await accessible(page);

  const second = page.locator("section[data-pane]").nth(1);
  await second.getByLabel("Message", { exact: true }).fill("say hello");
  await second.getByLabel("Message", { exact: true }).press("Enter");
  await second.getByRole("log").getByText("Hello to you.").waitFor();
  assert.deepEqual(await kinds(page), ["chat", "chat"]);
  assert.match(page.url(), /\/c\/[0-9a-f-]{36}\?panes=row_c\/[0-9a-f-]{36}_this$/);
  await accessible(page);

  const colleague = await openPage(browser);
  await colleague.goto(server.address);
  await colleague.goto(page.url());
  await colleague.getByRole("log").nth(1).getByText("Hello to you.").waitFor();
  assert.equal(await panes(colleague).count(), 2);
  await colleague.context().close();

  await page.keyboard.press("Alt+W");
  assert.deepEqual(await kinds(page), ["chat"]);
  await page.goBack();
  assert.deepEqual(await kinds(page), ["chat", "chat"]);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("panes are resized and gone between by keys", async () => {
  const page = await openProject(browser, server);
  await page.getByRole("heading", { name: "atlas" }).waitFor();
  await page.getByRole("button", { name: "Split or move the pane" }).click();
  await page.getByRole("menuitem", { name: /Split below/ }).click();
  await panes(page).nth(1).waitFor();
  const line = page.getByRole("separator", { name: "Height of the panes" });
  assert.equal(await line.getAttribute("aria-valuenow"), "50");
  await line.press("ArrowDown");
  await line.press("ArrowDown");
  assert.equal(await line.getAttribute("aria-valuenow"), "58");
  assert.match(page.url(), /\?panes=column58_/);
  await line.press("End");
  assert.equal(await line.getAttribute("aria-valuenow"), "85");
  await line.press("Enter");

  const before = await page.locator("section[data-active]").getAttribute("id");
  await page.keyboard.press("F6");
  assert.notEqual(await page.locator("section[data-active]").getAttribute("id"), before);
  await page.keyboard.press("F6");
  assert.equal(await page.locator("section[data-active]").getAttribute("id"), before);
  await page.context().close();
});

test("panes are dragged to another side, and sessions out of the rail", async () => {
  const page = await openProject(browser, server);
  await page.keyboard.press("Control+,");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  const rail = page.getByRole("navigation", { name: "Projects and sessions" });
  const { x, y, width, height } = await page.locator("main").boundingBox();
  const rightEdge = { x: x + width - 30, y: y + height / 2 };
  const session = rail.getByRole("link", { name: /say hello/ }).first();
  await drag(page, session, rightEdge);
  await panes(page).nth(1).waitFor();
  assert.deepEqual(await kinds(page), ["settings", "chat"]);

  await drag(page, page.getByTitle("Drag to move the pane").first(), rightEdge);
  assert.deepEqual(await kinds(page), ["chat", "settings"]);
  await page.context().close();
});

test("a session comes back with the panes it was left with, on another machine too", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello in two panes");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await page.keyboard.press("Alt+\\");
  const second = page.locator("section[data-pane]").nth(1).getByLabel("Message", { exact: true });
  await second.fill("say hello beside");
  await second.press("Enter");
  await page.getByRole("log").nth(1).getByText("Hello to you.").waitFor();
  const session = /\/s\/([0-9a-f-]{36})/.exec(page.url())[1];
  const remembered = () =>
    page.evaluate((id) => fetch(`/api/sessions/${id}`).then((answer) => answer.json()), session);
  for (let tries = 0; !/^row_c\/.*_c\//.test((await remembered()).panes); tries += 1) {
    assert.ok(tries < 100, "the session does not remember its panes");
    await page.waitForTimeout(100);
  }

  const elsewhere = await openPage(browser);
  await elsewhere.goto(server.address);
  const rail = elsewhere.getByRole("navigation", { name: "Projects and sessions" });
  await rail
    .getByRole("link", { name: /say hello in two panes/ })
    .first()
    .click();
  await elsewhere.getByRole("log").nth(1).getByText("Hello to you.").waitFor();
  assert.equal(await panes(elsewhere).count(), 2);
  await elsewhere.keyboard.press("Alt+H");
  await elsewhere.getByRole("heading", { name: "Home" }).waitFor();
  assert.equal(await panes(elsewhere).count(), 1);
  await elsewhere.context().close();
  await page.context().close();
});

test("on a phone there is one pane at a time, and tabs lead to the others", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello to a phone");
  await turnEnded(page);
  await page.keyboard.press("Alt+\\");
  await panes(page).nth(1).waitFor();
  await page.setViewportSize({ width: 360, height: 780 });
  const tabs = page.getByRole("navigation", { name: "Panes" });
  await tabs.getByRole("button").nth(1).waitFor();
  assert.equal(await panes(page).filter({ visible: true }).count(), 1);
  await tabs.getByRole("button").first().click();
  await log(page).getByText("Hello to you.").waitFor();
  await accessible(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await page.context().close();
});
