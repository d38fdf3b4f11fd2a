// A chat: tools, Markdown, code, the queue, stopping, a refusal, a failure, two windows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessible,
  ask,
  composer,
  log,
  openPage,
  openProject,
  Server,
  startBrowser,
  storyLines,
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

test("an answer with tools is drawn as lines that open, Markdown and code", async () => {
  const page = await openProject(browser, server);
  await ask(page, "what is in here?");
  await log(page).getByText("That is all.").waitFor();
  await turnEnded(page);
  const tools = log(page).locator("[data-tool]");
  assert.equal(await tools.count(), 3);

  const read = page.getByRole("button", { name: /Read README\.md/ });
  assert.equal(await read.getAttribute("aria-expanded"), "false");
  await read.click();
  await log(page).getByText("A small project for journeys").waitFor();
  await page
    .getByRole("button", { name: /Read missing\.md/ })
    .getByLabel("failed")
    .waitFor();

  await log(page).locator("table").getByText("says what it is").waitFor();
  await log(page).locator("pre .hljs-keyword").first().waitFor();
  assert.match(
    await log(page)
      .getByText(/75 % cached|% cached/)
      .first()
      .textContent(),
    /offline · .* in, .* out · \d+ % cached/,
  );
  await accessible(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("many tool calls in a row are one line that says how they ended, and opens", async () => {
  const page = await openProject(browser, server);
  await ask(page, "look everywhere");
  await log(page).getByText("I have looked everywhere.").waitFor();
  await turnEnded(page);
  const group = log(page).locator("[data-group]");
  assert.equal(await group.getAttribute("data-group"), "8");
  await group.getByText("3 × Read, 2 × List, 2 × Search, 1 × Find").waitFor();
  await group.getByText("1 failed").waitFor();
  assert.equal(await log(page).locator("[data-tool]").count(), 0);
  await group.getByRole("button", { name: /^8 tool calls/ }).press("Enter");
  assert.equal(await log(page).locator("[data-tool]").count(), 8);
  await group.getByText("The source comes next.").waitFor();
  await accessible(page);
  await page.context().close();
});

test("messages wait while a turn is open, and can be taken back or changed", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await turnOpen(page);
  await ask(page, "say hello");
  await ask(page, "say hello twice");
  await ask(page, "say nothing");
  const queue = page.getByRole("list", { name: "Waiting messages" });
  await queue.getByText("say nothing").waitFor();
  await accessible(page);
  await queue.getByRole("button", { name: "Take back: say nothing" }).click();
  await queue.getByText("say nothing").waitFor({ state: "detached" });
  await queue.getByRole("button", { name: "say hello twice", exact: true }).click();
  await queue.getByText("say hello twice").waitFor({ state: "detached" });
  assert.equal(await composer(page).inputValue(), "say hello twice");
  await composer(page).fill("");

  await page.getByRole("button", { name: "Stop" }).click();
  await log(page).getByText("Stopped", { exact: true }).waitFor();
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  assert.ok((await storyLines(page)).length < 120, "the story was stopped before its end");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("Escape stops the answer, and what was written stays", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await log(page).getByText("Line 3 of the story.").waitFor();
  await composer(page).press("Escape");
  await turnEnded(page);
  await log(page).getByText("Line 3 of the story.").waitFor();
  await log(page).getByText("Stopped", { exact: true }).waitFor();
  await page.context().close();
});

test("a refused command shows its reason and gives the words back", async () => {
  const page = await openProject(browser, server);
  await ask(page, "think for long");
  await turnOpen(page);
  const alert = page.getByRole("alert");
  for (let sent = 1; sent <= 200 && (await alert.count()) === 0; sent += 1)
    await ask(page, `say hello ${sent}`);
  assert.match(await alert.textContent(), /messages are waiting already/);
  await page.waitForFunction(() => document.querySelector("[data-composer]").value.startsWith("say hello"));
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await alert.waitFor({ state: "detached" });
  await page.context().close();
});

test("a call that fails says why", async () => {
  const page = await openProject(browser, server);
  await ask(page, "fail for good");
  await log(page).getByText("The key was refused").first().waitFor();
  await turnEnded(page);
  await accessible(page);
  await page.context().close();
});

test("a call that fails for a while says when it is tried again, and is", async () => {
  const page = await openProject(browser, server);
  await ask(page, "you are busy at first");
  await log(page).getByText("The provider asks to slow down.").waitFor();
  await log(page)
    .getByText(/tried again in \d+ s/)
    .waitFor();
  await log(page).getByText("Now there is time.").waitFor({ timeout: 30_000 });
  await turnEnded(page);
  await page.context().close();
});

test("two windows see the same, and the address is a link to it", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await turnOpen(page);
  const other = await openPage(browser);
  await other.goto(server.address);
  await other.goto(page.url());
  await log(other).getByText("Line 5 of the story.").waitFor();
  await Promise.all([turnEnded(page), turnEnded(other)]);
  const revision = () => document.documentElement.dataset.revision;
  assert.equal(await other.evaluate(revision), await page.evaluate(revision));
  assert.deepEqual(await storyLines(other), await storyLines(page));
  await page.context().close();
  await other.context().close();
});

test("the view stays where one reads, and a chip leads back to the end", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await log(page).getByText("Line 40 of the story.").waitFor();
  await log(page).evaluate((element) => element.scrollTo(0, 0));
  const chip = page.getByRole("button", { name: "New below" });
  await chip.waitFor();
  assert.equal(await log(page).evaluate((element) => element.scrollTop), 0);
  await chip.click();
  await chip.waitFor({ state: "detached" });
  await turnEnded(page);
  await page.waitForFunction(() => {
    const element = document.querySelector("[role=log]");
    return element.scrollHeight - element.scrollTop - element.clientHeight < 2;
  });
  await page.context().close();
});

for (const anchors of [true, false])
  test(`older messages are read when one comes near to them, in a browser that ${anchors ? "holds" : "does not hold"} on to what is seen`, async () => {
    const page = await openProject(browser, server, anchors ? {} : { beforeOpening: withoutAnchors });
    await ask(page, "say hello 1");
    await log(page).getByText("Hello to you.").waitFor();
    for (let number = 2; number <= 24; number += 1) await ask(page, `say hello ${number}`);
    await log(page).getByText("say hello 24", { exact: true }).waitFor({ timeout: 30_000 });
    await turnEnded(page);
    // The answer is held back until it is known where things stand without it.
    const held = new Promise((resolve) => page.route("**/messages?*", resolve, { times: 1 }));
    await page.reload();
    await log(page).getByText("say hello 24", { exact: true }).waitFor();
    // What was read ends in the middle of what is seen.
    const [first, top] = await log(page).evaluate(async (element) => {
      const hole = element.querySelector("[data-hole]");
      element.scrollTop = hole.offsetTop + hole.offsetHeight - element.clientHeight / 2;
      for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
      const message = element.querySelector("article[aria-label=You]");
      return [message.textContent, message.getBoundingClientRect().top];
    });
    const route = await held;
    await route.continue();
    await log(page).locator("[data-hole]").waitFor({ state: "detached" });
    const after = await log(page)
      .getByRole("article", { name: "You" })
      .filter({ hasText: first })
      .evaluate((message) => message.getBoundingClientRect().top);
    assert.ok(Math.abs(after - top) < 3, `what was read stays where it is: from ${top} to ${after}`);
    await log(page).press("Home");
    await log(page).getByText("say hello 1", { exact: true }).waitFor();
    assert.deepEqual(
      await allSaid(page),
      Array.from({ length: 24 }, (_, index) => index + 1),
    );
    await page.context().close();
  });

/** Makes a browser one that does not hold on to what is seen when something above it grows. */
function withoutAnchors(page) {
  return page.addInitScript(() => {
    CSS.supports = () => false;
    addEventListener("DOMContentLoaded", () => {
      const style = document.createElement("style");
      style.textContent = "* { overflow-anchor: none !important }";
      document.head.append(style);
    });
  });
}

/** The numbers of all greetings, from the first to the last. What is far from the eye is not drawn. */
async function allSaid(page) {
  const said = new Set();
  for (let end = false; !end; ) {
    const texts = await log(page).getByRole("article", { name: "You" }).allTextContents();
    const numbers = texts.map((text) => Number(/hello (\d+)/.exec(text)?.[1]));
    assert.deepEqual(numbers, numbers.toSorted(byNumber), "they stand in order");
    for (const number of numbers) said.add(number);
    end = await log(page).evaluate(async (element) => {
      const before = element.scrollTop;
      element.scrollTop += element.clientHeight / 2;
      for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
      return element.scrollTop === before;
    });
  }
  return [...said].sort(byNumber);
}

const byNumber = (a, b) => a - b;

test("what cannot be drawn shows its raw text, and the rest is drawn", async () => {
  const spoil = { on: false };
  const page = await openProject(browser, server, { beforeOpening: (page) => spoilGreeting(page, spoil) });
  await ask(page, "say hello");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  spoil.on = true;
  await page.reload();
  await log(page).getByText("This message cannot be drawn").first().waitFor();
  await log(page).getByText('"call": "1.1"').first().waitFor();
  await log(page).getByText("say hello", { exact: true }).waitFor();
  await ask(page, "say hello again");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await accessible(page);
  await page.context().close();
});

/** Takes the text out of every answer that a page is sent in a view, from when `spoil` says so. */
async function spoilGreeting(page, spoil) {
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const peer = socket.connectToServer();
    peer.onMessage((text) => {
      const frame = JSON.parse(text);
      for (const message of (spoil.on && frame.view?.messages) || [])
        if (message.kind === "call") message.text = null;
      socket.send(JSON.stringify(frame));
    });
  });
}

test("a text that is too long for an event is there in full, also after a reload", async () => {
  const page = await openProject(browser, server);
  await ask(page, "write a book");
  await log(page).getByText("The book ends.").waitFor({ timeout: 30_000 });
  await turnEnded(page);
  await log(page).getByText("Sentence 499 of a book").waitFor();
  await page.reload();
  await log(page).getByText("Sentence 499 of a book").waitFor();
  await log(page).getByText("The book ends.").waitFor();
  await page.context().close();
});

test("a chat and its session are renamed, and the shortcuts are shown", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello");
  await turnEnded(page);
  await page.getByRole("button", { name: "What can be done with the chat" }).click();
  await page.getByRole("menuitem", { name: "Rename the chat" }).click();
  await accessible(page);
  await page.getByRole("textbox", { name: "Name" }).fill("A greeting");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "A greeting" }).waitFor();
  await log(page).focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.context().close();
});

test("a phone shows one pane at a time", async () => {
  const page = await openProject(browser, server, {
    viewport: { width: 390, height: 844 },
    colorScheme: "dark",
  });
  await ask(page, "say hello");
  await log(page).getByText("Hello to you.").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Sessions" }).click();
  await page.getByRole("navigation", { name: "Projects and sessions" }).waitFor();
  assert.equal(await log(page).isVisible(), false);
  await accessible(page);
  await page.getByRole("link", { name: "say hello", exact: false }).first().click();
  await log(page).getByText("Hello to you.").waitFor();
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(sideways, false, "nothing is wider than the phone");
  await page.context().close();
});

test("a chat that ends while one is elsewhere is marked until it is looked at", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await turnOpen(page);
  const rail = page.getByRole("navigation", { name: "Projects and sessions" });
  await page.getByRole("link", { name: "Reenact" }).click();
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
  const mark = page.getByRole("img", { name: "unread" });
  await rail.getByRole("listitem").filter({ has: mark }).waitFor();
  await accessible(page);
  await rail.getByRole("listitem").filter({ has: mark }).getByRole("link").click();
  await log(page).getByText("The end of the story.").waitFor();
  await rail.getByRole("listitem").filter({ has: mark }).waitFor({ state: "detached" });
  await page.context().close();
});

test("what was typed and not sent is there after a reload", async () => {
  const page = await openProject(browser, server);
  await ask(page, "say hello");
  await turnEnded(page);
  await composer(page).fill("half a thought");
  await page.reload();
  await composer(page).waitFor();
  assert.equal(await composer(page).inputValue(), "half a thought");
  await page.context().close();
});
