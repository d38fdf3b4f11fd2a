// Settings: the look that is kept, keys that are made and revoked, notifications, signing out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, ask, connected, openPage, openProject, Server, startBrowser } from "./harness.mjs";

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

async function openSettings(section, options) {
  const page = await openPage(browser, options);
  await page.goto(server.address);
  await connected(page);
  await page.goto(`${server.origin}/settings/${section}`);
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  return page;
}

const root = (page, name) => page.evaluate((key) => document.documentElement.dataset[key], name);

test("a look is kept, and stands before anything is drawn", async () => {
  const page = await openSettings("look", { colorScheme: "light" });
  await page.getByText("Dark", { exact: true }).click();
  await page.getByRole("group", { name: "Code" }).getByText("Large").click();
  assert.deepEqual([await root(page, "theme"), await root(page, "code")], ["dark", "large"]);
  await accessible(page);

  // The page's own script is held back: what is there without it was set before the first paint.
  await page.route(/\/assets\/index-.*\.js$/, (route) => route.abort());
  await page.reload({ waitUntil: "domcontentloaded" });
  assert.deepEqual([await root(page, "theme"), await root(page, "code")], ["dark", "large"]);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.match(ground, /rgb\(22, 24, 26\)/);
  await page.context().close();
});

test("a key is made, shown once, signs in as what it is for, and is revoked", async () => {
  const page = await openSettings("keys");
  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Not A Name");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Name").fill("reader");
  await dialog.getByLabel("viewer").check();
  await accessible(page);
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const key = await dialog.getByLabel(/Copy it now/).inputValue();
  assert.match(key, /^rk_/);
  await accessible(page);
  await dialog.getByRole("button", { name: "Done" }).click();
  const list = page.getByRole("region", { name: "API keys" });
  await list.getByText("reader", { exact: true }).waitFor();

  const reader = await openPage(browser);
  await reader.goto(`${server.origin}/?key=${key}`);
  await connected(reader);
  await reader.goto(`${server.origin}/settings/keys`);
  await reader.getByText("yours is for a viewer").waitFor();
  await accessible(reader);

  await list
    .getByRole("listitem")
    .filter({ hasText: "reader" })
    .getByRole("button", { name: "Revoke" })
    .click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Revoked: reader").waitFor();
  await reader.getByLabel("Key", { exact: true }).waitFor();
  await reader.context().close();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the default model is chosen, and given back to the settings", async () => {
  const page = await openSettings("models");
  const models = page.getByRole("region", { name: "Models" });
  await models.getByText("built in and is no language model").waitFor();
  await accessible(page);
  await models.getByRole("combobox", { name: /^Model: offline/ }).click();
  await page.getByPlaceholder(/Search, or name one/).fill("openai/nobody");
  await page.getByRole("option", { name: "openai/nobody" }).click();
  await models.getByRole("alert").waitFor();
  await models.getByRole("combobox", { name: /^Model: offline/ }).waitFor();
  await page.context().close();
});

test("a provider's key is set, tried and forgotten", async () => {
  const page = await openSettings("models");
  const provider = page.locator('[data-provider="openai"]');
  await provider.getByRole("button", { name: "Set a key" }).click();
  const dialog = page.getByRole("dialog");
  await accessible(page);
  // Nothing is asked over the network: the server's own answer to the trial stands for the provider's.
  await page.route("**/api/providers/openai/test", (route) =>
    route.fulfill({ json: { ok: false, message: "The key was refused: set another one.", code: "bad_key" } }),
  );
  await dialog.getByLabel(/kept on the server/).fill("sk-not-a-key");
  await dialog.getByRole("button", { name: "Set and test" }).click();
  await provider.getByText("The key was refused").waitFor();
  await provider.getByText("ready", { exact: true }).waitFor();
  assert.equal(await page.getByText("sk-not-a-key").count(), 0);
  await accessible(page);

  const default_ = page
    .getByRole("region", { name: "Models" })
    .getByRole("combobox", { name: /^Model: offline/ });
  await default_.click();
  await page.getByRole("option").nth(1).click();
  await page.getByRole("combobox", { name: /^Model: openai/ }).waitFor();
  await page.getByRole("button", { name: "As in the settings of the server" }).click();
  await default_.waitFor();

  await provider.getByRole("button", { name: "Forget the key" }).click();
  await dialog.getByRole("button", { name: "Forget the key" }).click();
  await provider.getByText("not set up").waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("notifications are off, are asked for when switched on, and tell of an answer while one looks elsewhere", async () => {
  const page = await openSettings("notifications", { permissions: ["notifications"] });
  const toggle = page.getByRole("switch", { name: /Tell me when an answer is there/ });
  assert.equal(await toggle.getAttribute("aria-checked"), "false");
  await accessible(page);
  await toggle.click();
  await page.getByText("You are told while this page is open and out of sight").waitFor();
  await page.context().close();

  const other = await openProject(browser, server, {
    permissions: ["notifications"],
    beforeOpening: (opened) =>
      opened.addInitScript(() => {
        localStorage.setItem("notify", "true");
        window.told = [];
        window.Notification = class {
          static permission = "granted";
          constructor(title) {
            window.told.push(title);
          }
        };
        Object.defineProperty(document, "visibilityState", {
          get: () => (window.away ? "hidden" : "visible"),
        });
      }),
  });
  await other.evaluate(() => {
    window.away = true;
  });
  await ask(other, "say hello once");
  await other.waitForFunction(() => window.told.length > 0);
  assert.deepEqual(await other.evaluate(() => window.told), ["say hello once has an answer"]);
  await other.waitForFunction(() => /^\(1\) .*Reenact$/.test(document.title));
  assert.match(await other.locator("link[rel=icon]").getAttribute("href"), /icon-news/);
  await other.context().close();
});

test("a section of the settings is gone to, and nothing around it moves", async () => {
  const page = await openSettings("about", { viewport: { width: 360, height: 640 } });
  await page.getByText("no troubles").waitFor();
  const place = await page.getByRole("heading", { name: "Settings" }).boundingBox();
  assert.ok(place.y >= 0, `the head of the pane stands at ${place.y}`);
  const sign = await page.getByRole("button", { name: "Sign out" }).boundingBox();
  assert.ok(sign.y > 0 && sign.y < 640, `the section stands at ${sign.y}`);
  await accessible(page);
  await page.context().close();
});

test("signing out leads to the door", async () => {
  const page = await openSettings("about");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Key", { exact: true }).waitFor();
  await page.reload();
  await page.getByLabel("Key", { exact: true }).waitFor();
  await page.context().close();
});
