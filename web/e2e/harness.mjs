// What every journey needs: the real server on a free port with a folder of its own, and a browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const SCENARIO = fileURLToPath(new URL("scenario.json", import.meta.url));
const BINARY =
  process.env.REENACT_BIN ?? fileURLToPath(new URL("../../target/debug/reenact", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

// The compiled engine of workflows is the same for all of them.
const MODULES = {
  REENACT_MODULE_CACHE: process.env.REENACT_MODULE_CACHE ?? join(dirname(BINARY), "..", "tmp"),
};

/** A server with a data folder of its own; it can be killed and started again on the same port. */
export class Server {
  #child = null;
  #exited = null;
  #folder = mkdtempSync(join(tmpdir(), "reenact-journey-"));
  /** A small project beside the data folder. */
  project = join(this.#folder, "atlas");
  address = "";

  constructor() {
    mkdirSync(join(this.project, "src"), { recursive: true });
    mkdirSync(join(this.project, ".git"));
    writeFileSync(join(this.project, "README.md"), "# Atlas\n\nA small project for journeys.\n");
    writeFileSync(
      join(this.project, "src", "main.rs"),
      'fn main() {\n    println!("hello"); // TODO greet\n}\n',
    );
    writeFileSync(join(this.project, ".mcp.json"), '{"mcpServers":{"notes":{"command":"notes-server"}}}\n');
  }

  static async started() {
    const server = new Server();
    await server.start();
    return server;
  }

  get origin() {
    return new URL(this.address).origin;
  }

  get key() {
    return new URL(this.address).searchParams.get("key");
  }

  async start() {
    const port = this.address ? new URL(this.address).port : "0";
    const child = spawn(
      BINARY,
      ["serve", "--port", port, "--data", join(this.#folder, "data"), "--scenario", SCENARIO],
      // Neither keys nor settings of whoever runs the journeys reach the server.
      { env: { PATH: process.env.PATH, HOME: this.#folder, ...MODULES }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", resolve));
    this.address = await addressOf(child);
  }

  /** Ends it at once and without notice, as a power cut would. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async close() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      await this.#exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function addressOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk) => {
      said += chunk;
      const [address] = /http:\/\/\S+\?key=\S+/.exec(said) ?? [];
      if (address) resolve(address);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (error) =>
      reject(new Error(`${BINARY} does not start (${error.message}): build it, or name it in REENACT_BIN`)),
    );
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} and said:\n${said}`)));
  });
}

export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of its own, signed out, that keeps what goes wrong in it. */
export async function openPage(browser, { beforeOpening, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await beforeOpening?.(page);
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) page.errors.push(message.text());
  });
  return page;
}

/** Signed in, with the project added and its pane open. */
export async function openProject(browser, server, options) {
  const page = await openPage(browser, options);
  await page.goto(server.address);
  await connected(page);
  await page.goto(`${server.origin}/add`);
  // Until the first folders are there, what stands in the field may still change under one's hands.
  await page.getByRole("listbox").waitFor();
  const folder = page.getByLabel("Folder", { exact: true });
  await folder.fill(server.project);
  await folder.press("Enter");
  await page.getByRole("listbox", { name: `Folders in ${server.project}` }).waitFor();
  await page.getByRole("button", { name: "Use “atlas”" }).click();
  await composer(page).waitFor();
  return page;
}

export const composer = (page) => page.getByLabel("Message", { exact: true });
export const log = (page) => page.getByRole("log", { name: "Conversation" });

export async function ask(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

export function mark(page, name, value) {
  return page.waitForFunction(
    ([key, wanted]) => document.documentElement.dataset[key] === wanted,
    [name, value],
    {
      timeout: 30_000,
    },
  );
}

export const connected = (page) => mark(page, "connection", "live");
export const turnOpen = (page) => mark(page, "turn", "open");
export const turnEnded = (page) => mark(page, "turn", "none");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Looks for barriers with axe; finds none, or says which. */
export async function accessible(page) {
  // The page's own policy lets no script in; evaluating one from outside is not subject to it.
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const words = found.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `  ${node.html.slice(0, 200)}`).join("\n")}`,
  );
  assert.deepEqual(words, []);
}

/** The lines of the story that stand in the answer, in order. */
export function storyLines(page) {
  return page
    .locator("article .prose p")
    .allTextContents()
    .then((texts) =>
      texts.flatMap((text) => /^Line (\d+) of the story\.$/.exec(text)?.[1] ?? []).map(Number),
    );
}

/** The whole story, each line once. */
export const WHOLE_STORY = Array.from({ length: 120 }, (_, index) => index + 1);
