// The first start: signed out, signed in, a folder chosen by keyboard, the question of trust, a sample question.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessible,
  composer,
  connected,
  log,
  openPage,
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

test("without a key the page says how to come in, and a wrong one is refused", async () => {
  const page = await openPage(browser);
  await page.goto(server.origin);
  await page.getByRole("heading", { name: "Reenact" }).waitFor();
  await accessible(page);
  await page.getByLabel("Key").fill("not-the-key");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Key").inputValue(), "not-the-key");
  await page.getByLabel("Key").fill(server.address);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Welcome to Reenact" }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the printed address signs in and drops the key", async () => {
  const page = await openPage(browser);
  await page.goto(server.address);
  await connected(page);
  assert.equal(page.url(), `${server.origin}/`);
  await page.context().close();
});

test("a folder is chosen and a first question asked, by keyboard alone", async () => {
  const page = await openPage(browser);
  await page.goto(server.address);
  await page.getByRole("heading", { name: "Welcome to Reenact" }).waitFor();
  await page.getByText("built in and is no language model").waitFor();
  await accessible(page);

  const parent = server.project.slice(0, server.project.lastIndexOf("/"));
  await page.getByLabel("Folder", { exact: true }).fill(parent);
  await page.keyboard.press("Enter");
  const list = page.getByRole("listbox", { name: `Folders in ${parent}`, exact: true });
  await list.focus();
  await page.keyboard.press("a");
  assert.match(await list.getByRole("option", { selected: true }).textContent(), /^atlas.*project/);
  await page.keyboard.press("Enter");
  await page.getByRole("listbox", { name: `Folders in ${server.project}` }).waitFor();
  await page.getByRole("button", { name: "Use “atlas”" }).press("Enter");

  await page.getByRole("heading", { name: "May what this folder's files name run?" }).waitFor();
  await page.getByText(".mcp.json").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Not now" }).press("Enter");
  await page.getByText("Reading only").waitFor();

  await page.getByRole("button", { name: "read README.md" }).press("Enter");
  await log(page).getByText("A small project for journeys").first().waitFor();
  await turnEnded(page);
  await page.getByRole("button", { name: /Read README\.md/ }).waitFor();
  assert.match(page.url(), /\/p\/[0-9a-f-]{36}\/s\/[0-9a-f-]{36}\/c\/[0-9a-f-]{36}$/);
  await composer(page).waitFor();
  await accessible(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a folder that is not there is refused with a reason", async () => {
  const page = await openPage(browser);
  await page.goto(server.address);
  await connected(page);
  await page.goto(`${server.origin}/add`);
  await page.getByLabel("Folder", { exact: true }).fill(`${server.project}/nowhere`);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.context().close();
});

test("trust is given and withdrawn", async () => {
  const page = await openPage(browser);
  await page.goto(server.address);
  await page.getByRole("link", { name: /atlas/ }).first().click();
  await page.getByRole("button", { name: "Trust this folder" }).click();
  await page.getByText(/^Trusted:/).click();
  await page.getByRole("button", { name: "Withdraw trust" }).click();
  await page.getByRole("button", { name: "Trust this folder" }).waitFor();
  await page.context().close();
});
