// Workflows: found in the project, run from the page, watched live, a question answered, over a killed server too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  accessible,
  ask,
  composer,
  connected,
  log,
  openProject,
  Server,
  startBrowser,
  turnEnded,
} from "./harness.mjs";

const GREET = `export const meta = {
  name: 'greet', description: 'Greets, once somebody agrees', phases: [{ title: 'Ask' }, { title: 'Greet' }],
  args: { type: 'object', properties: { who: { type: 'string', description: 'Whom to greet' } } },
}
phase('Ask')
const said = await approve('Greet ' + (args?.who ?? 'nobody') + '?')
if (!said.approved) return { ok: false }
phase('Greet')
const all = await parallel(['one', 'two'].map((name) => () => agent('say hello to ' + name + '\\nfor ' + args?.who, { label: name })))
log(all.length + ' greetings')
return { ok: true, comment: said.comment, greetings: all.length }
`;

const TWICE = `export const meta = { name: 'twice', description: 'Asks two agents', phases: [{ title: 'Ask' }] }
phase('Ask')
const all = await parallel(['one', 'two'].map((name) => () => agent('read README.md for ' + name, { label: name })))
return all.length
`;

const CHAIN = `export const meta = { name: 'chain', description: 'Each file read, then judged',
  args: { type: 'object', required: ['topic'], properties: {
    topic: { type: 'string', description: 'What for' }, most: { type: 'integer', default: 2 },
    deep: { type: 'boolean' }, level: { enum: ['low', 'high'] }, paths: { type: 'array', description: 'Which files' } } } }
const judged = await pipeline(args.paths ?? ['one', 'two'],
  (path) => agent('read README.md for ' + path, { label: 'read ' + path }),
  (text, path) => agent('say hello to ' + path, { label: 'judge ' + path }))
return { args, judged: judged.length }
`;

let server;
let browser;
before(async () => {
  server = new Server();
  const git = (...of) => execFileSync("git", ["-C", server.project, ...of], { stdio: "ignore" });
  git("init", "-q");
  git("add", "-A");
  git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "all", "--allow-empty");
  const folder = join(server.project, ".claude", "workflows");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "greet.js"), GREET);
  writeFileSync(join(folder, "twice.js"), TWICE);
  writeFileSync(join(folder, "chain.js"), CHAIN);
  writeFileSync(
    join(folder, "broken.js"),
    "export const meta = { name: 'broken', description: 'B' }\nconst = 1\n",
  );
  await server.start();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

async function opened(options) {
  const page = await openProject(browser, server, options);
  await page.getByRole("link", { name: "Workflows" }).click();
  await page.getByRole("heading", { name: "Workflows", level: 1 }).waitFor();
  // The engine may have to be compiled first.
  await page.getByText("Greets, once somebody agrees").waitFor({ timeout: 90_000 });
  return page;
}

async function started(page, who) {
  await page.getByRole("button", { name: "Run greet" }).click();
  await page.getByRole("textbox", { name: /^who/ }).fill(who);
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByRole("heading", { name: "greet", level: 1 }).waitFor();
}

test("a workflow is run from the page, its question answered, and its result shown", async () => {
  const page = await opened();
  await page.getByText(/SyntaxError/).waitFor();
  await page.getByText("broken.js:2:").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Run greet" }).click();
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByText(/not trusted/).waitFor();
  await page.getByRole("button", { name: /^Trust/ }).click();
  await page
    .getByText(/may run|trusted/i)
    .first()
    .waitFor();
  await page.getByRole("textbox", { name: /^who/ }).fill("Ada");
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByRole("heading", { name: "greet", level: 1 }).waitFor();
  const question = page.getByRole("button", { name: /Greet Ada\?/ });
  await question.click();
  await page.getByRole("textbox", { name: /What to say to it/ }).fill("gladly");
  await accessible(page);
  await page.getByRole("button", { name: "Approve" }).click();
  const result = page.getByRole("region", { name: "Result" });
  await result.getByText('"gladly"').waitFor();
  await page.getByRole("region", { name: "Log" }).getByText("2 greetings").waitFor();
  await page.getByRole("button", { name: /^two/ }).click();
  await page.getByRole("region", { name: "Step 3: two" }).getByText("say hello to two").first().waitFor();
  await page.getByRole("link", { name: "Open its chat" }).click();
  await page.getByRole("log", { name: "Conversation" }).getByText("say hello to two").first().waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a question waits while the server is killed, and the page goes on without a reload", async () => {
  const page = await opened();
  await started(page, "Grace");
  await page.getByText(/1 question for you/).waitFor();
  const run = page.url();
  await page.goto(server.origin);
  await page.getByRole("region", { name: "Workflows" }).getByText("waits for you").waitFor();
  await page.goto(run);
  await page.getByText(/1 question for you/).waitFor();
  await server.kill();
  await server.start();
  await connected(page);
  await page.getByRole("button", { name: /Greet Grace\?/ }).click();
  await page.getByRole("button", { name: "Refuse" }).click();
  await page.getByRole("region", { name: "Result" }).getByText("false").waitFor();
  await page.getByRole("link", { name: "All workflows" }).click();
  const runs = page.getByRole("link", { name: /greet.*done/ });
  await runs.first().waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a run is done again from the cache, each step says why, and one is retried from where it stands", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Run twice" }).click();
  await page.getByRole("button", { name: "Run it" }).click();
  await page
    .getByRole("status")
    .getByText(/done · 2 of 2 steps/)
    .waitFor();
  await page.getByRole("button", { name: /^one/ }).click();
  await page.getByText("No earlier run has a step like it.").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("region", { name: "Step 2: two" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("region", { name: "Step 2: two" }).count(), 0);
  const first = page.url();
  await page.getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => url.href !== first);
  await page
    .getByRole("status")
    .getByText(/2 from the cache/)
    .waitFor();
  await page.getByRole("button", { name: /^two/ }).click();
  await page.getByText(/that answer was taken/).waitFor();
  await accessible(page);
  const second = page.url();
  await page.getByRole("button", { name: "Retry from here" }).click();
  await page.waitForURL((url) => url.href !== second);
  await page
    .getByRole("status")
    .getByText(/done · 2 of 2 steps · 1 from the cache/)
    .waitFor();
  await page.getByRole("button", { name: /^two/ }).click();
  await page.getByText("Somebody asked for it to be done again.").waitFor();
  await page.getByRole("link", { name: "Compare" }).click();
  await page
    .getByRole("status")
    .getByText(/2 of 2 steps the same/)
    .waitFor();
  await page.getByRole("button", { name: /^two/ }).click();
  await page.getByText("The other run").waitFor();
  await page.getByRole("region", { name: "Asked" }).getByText("read README.md for two").waitFor();
  await accessible(page);
  await page.getByRole("checkbox", { name: "Only what differs" }).check();
  await page.getByText("Every step is the same.").waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a workflow is written in the page, told where it is wrong, mended, saved and run", async () => {
  const page = await opened();
  await page.getByRole("link", { name: "New workflow" }).click();
  const script = page.getByRole("textbox", { name: "The script" });
  await script.waitFor();
  await page.getByText(/my-workflow: What it does/).waitFor();
  await page.getByRole("textbox", { name: "Name of the file" }).fill("count.js");
  await script.fill("export const meta = { name: 'count', description: 'Counts' }\nconst = 1");
  await page
    .getByText(/SyntaxError/)
    .first()
    .waitFor();
  await page.getByText("count.js:2:").first().waitFor();
  await page.locator(".cm-lint-marker-error").waitFor();
  assert.equal(await page.getByRole("button", { name: "Run", exact: true }).isDisabled(), true);
  await script.fill("export const meta = { name: 'count', description: 'Counts' }\nreturn args.to + 1");
  await page.getByText(/count: Counts/).waitFor();
  await accessible(page);
  await script.press("Control+s");
  await page.getByRole("button", { name: /^Trust/ }).click();
  await page.getByRole("textbox", { name: "Arguments" }).fill('{"to": 41}');
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("region", { name: "Result" }).getByText("42").waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("two runs are chosen from the list, and what was asked otherwise is marked line by line", async () => {
  const page = await opened();
  for (const who of ["Lovelace", "Hopper"]) {
    await started(page, who);
    await page.getByRole("button", { name: `Greet ${who}?` }).click();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("region", { name: "Result" }).waitFor();
    await page.getByRole("link", { name: "All workflows" }).click();
  }
  await page.getByRole("link", { name: "Compare greet with the run before it" }).first().click();
  await page
    .getByRole("status")
    .getByText(/0 of 3 steps the same/)
    .waitFor();
  await page.getByRole("button", { name: /Greet Hopper\?.*was “Greet Lovelace\?”/ }).waitFor();
  await page.getByRole("button", { name: /^one.*prompt changed/ }).click();
  const asked = page.getByRole("region", { name: "Asked" });
  await asked.getByText("Only in the other run: −for Lovelace").waitFor();
  await asked.getByText("Only in this run: +for Hopper").waitFor();
  await asked.getByText("say hello to one", { exact: true }).waitFor();
  await accessible(page);
  const another = page.getByRole("combobox", { name: "against the run of" });
  const chosen = await another.inputValue();
  const earlier = await another.locator("option").last().getAttribute("value");
  assert.notEqual(earlier, chosen);
  await another.selectOption(earlier);
  await page.waitForURL((url) => url.pathname.endsWith(earlier));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a workflow is called by a slash in a chat, and runs beside it", async () => {
  const page = await openProject(browser, server);
  await ask(page, "list");
  await turnEnded(page);
  await composer(page).fill("/twi");
  await page.getByRole("option", { name: /\/twice/ }).waitFor();
  await composer(page).press("Enter");
  assert.equal(await composer(page).inputValue(), "/twice ");
  await composer(page).press("Enter");
  await page.getByRole("heading", { name: "twice", level: 1 }).waitFor();
  await page
    .getByRole("status")
    .getByText(/done · 2 of 2 steps/)
    .waitFor();
  await composer(page).fill("//twice is a workflow");
  await composer(page).press("Enter");
  await log(page).getByText("/twice is a workflow", { exact: true }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a workflow that is called before the list of workflows has come is run all the same", async () => {
  const page = await openProject(browser, server);
  await ask(page, "list");
  await turnEnded(page);
  let come;
  const wait = new Promise((resolve) => {
    come = resolve;
  });
  await page.route("**/api/workflows?*", async (route) => {
    await wait;
    await route.continue();
  });
  await composer(page).fill("/twice");
  await composer(page).press("Enter");
  await page.waitForFunction(() => document.querySelector("[data-composer]").value === "");
  come();
  await page.getByRole("heading", { name: "twice", level: 1 }).waitFor();
  assert.equal(await log(page).getByText("/twice", { exact: true }).count(), 0);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("arguments of all types, a model and limits are given on the page, and lines join what follows from each other", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Run chain" }).click();
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByText("topic is needed.").waitFor();
  const topic = page.getByRole("textbox", { name: /^topic/ });
  await topic.fill("two\nlines");
  assert.equal(await page.getByRole("textbox", { name: "most" }).inputValue(), "2");
  await page.getByRole("textbox", { name: "most" }).fill("3");
  await page.getByRole("checkbox", { name: /^deep/ }).check();
  await page.getByRole("combobox", { name: "level" }).selectOption("high");
  await page.getByRole("textbox", { name: /^paths/ }).fill('["a", "b", "c"]');
  await page.getByText("Model and limits").click();
  await page.getByRole("textbox", { name: /^Budget/ }).fill("lots");
  await accessible(page);
  await topic.press("Enter");
  await page.getByText("The budget must be a whole number above 0.").waitFor();
  await page.getByRole("textbox", { name: /^Budget/ }).fill("50000");
  await page.getByRole("textbox", { name: /^Time/ }).fill("30");
  await topic.press("Enter");
  const result = page.getByRole("region", { name: "Result" });
  await result.getByText('"two\\nlines"').waitFor();
  for (const value of ['"most": 3', '"deep": true', '"level": "high"']) {
    assert.match(await result.textContent(), new RegExp(value));
  }
  const status = page.getByRole("status");
  await status.getByText(/of 50,000 output tokens .* may work for 30/).waitFor();
  // Beside each other without a phase, and each joined with what it was made from.
  const place = (name) => page.getByRole("button", { name }).boundingBox();
  const [read, judge] = [await place(/^read b/), await place(/^judge b/)];
  assert.ok(judge.x > read.x + read.width, "what comes after stands to the right");
  assert.equal(await page.locator("[data-lines] path").count(), 3);
  await page.getByRole("button", { name: /^judge b/ }).click();
  assert.equal(await page.locator("[data-lines] .stroke-accent").count(), 1);
  await page
    .getByRole("region", { name: /: judge b/ })
    .getByRole("button", { name: "read b" })
    .click();
  await page.getByRole("region", { name: /: read b/ }).waitFor();
  await accessible(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("on a phone nothing of a run is wider than the screen", async () => {
  const page = await opened({ viewport: { width: 390, height: 844 } });
  await started(page, "Eve");
  await page.getByRole("button", { name: /Greet Eve\?/ }).click();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false);
  await accessible(page);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page
    .getByRole("status")
    .getByText(/stopped/)
    .first()
    .waitFor();
  await page.context().close();
});

test("a file that somebody else writes shows at once, with what is wrong with it", async () => {
  const page = await opened();
  const file = join(server.project, ".claude", "workflows", "later.js");
  writeFileSync(file, "export const meta = { name: 'later', description: 'Came later' }\nreturn 1\n");
  await page.getByText("Came later").waitFor();
  writeFileSync(file, "export const meta = { name: 'later', description: 'Came later' }\nreturn )\n");
  await page.getByText("later.js:2:").waitFor();
  await page.context().close();
});
