// What must be survived: a reload in the middle of an answer, and a server that is killed in the middle of one.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  accessible,
  ask,
  composer,
  connected,
  log,
  mark,
  openProject,
  Server,
  startBrowser,
  storyLines,
  turnEnded,
  WHOLE_STORY,
} from "./harness.mjs";

let server;
let browser;
beforeEach(async () => {
  server = await Server.started();
  browser = await startBrowser();
});
afterEach(async () => {
  await browser?.close();
  await server?.close();
});

test("a reload in the middle of an answer misses nothing", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await log(page).getByText("Line 10 of the story.").waitFor();
  await page.reload();
  await log(page).getByText("Line 10 of the story.").waitFor();
  await log(page).getByText("The end of the story.").waitFor({ timeout: 30_000 });
  await turnEnded(page);
  assert.deepEqual(await storyLines(page), WHOLE_STORY);
  assert.deepEqual(page.errors, []);
});

test("a connection that is cut goes on where it was", async () => {
  const sockets = [];
  const page = await openProject(browser, server, {
    beforeOpening: (opened) =>
      opened.routeWebSocket(/\/ws$/, (socket) => {
        socket.connectToServer();
        sockets.push(socket);
      }),
  });
  await ask(page, "tell a long story");
  for (const line of [5, 15, 25]) {
    await log(page).getByText(`Line ${line} of the story.`).waitFor();
    await sockets.at(-1).close();
    await mark(page, "connection", "reconnecting");
    await connected(page);
  }
  await log(page).getByText("The end of the story.").waitFor({ timeout: 30_000 });
  await turnEnded(page);
  assert.deepEqual(await storyLines(page), WHOLE_STORY);
  assert.deepEqual(page.errors, []);
});

test("a server that is killed in the middle of an answer goes on with it when it is back", async () => {
  const page = await openProject(browser, server);
  await ask(page, "tell a long story");
  await log(page).getByText("Line 10 of the story.").waitFor();
  await server.kill();
  await mark(page, "connection", "reconnecting");
  await page.getByText("reconnecting", { exact: true }).first().waitFor();
  await log(page).getByText("Line 10 of the story.").waitFor();
  await accessible(page);

  // What is sent while the server is away arrives when it is back.
  await ask(page, "say hello");
  await log(page).getByText("is sent when the connection is back").waitFor();
  assert.equal(await composer(page).inputValue(), "");

  await server.start();
  await connected(page);
  await page.getByRole("button", { name: /Interrupted/ }).waitFor();
  await log(page).getByText("The end of the story.").waitFor({ timeout: 30_000 });
  await log(page).getByText("Hello to you.").waitFor({ timeout: 30_000 });
  await turnEnded(page);
  assert.deepEqual(await storyLines(page), WHOLE_STORY);
  assert.equal(await log(page).getByText("say hello", { exact: true }).count(), 1);
  assert.deepEqual(page.errors, []);
});
