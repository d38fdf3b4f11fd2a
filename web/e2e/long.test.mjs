// A chat of 10,000 messages: it is all there, it scrolls as a short one does, and it takes little memory.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, log, openPage, openProject, Server, startBrowser, turnEnded } from "./harness.mjs";
import { lengthen } from "./long.mjs";

const MESSAGES = 10_000;
/**
 * What fails: frames in a second, as a part of what an empty page reaches in the same run; bytes of heap; nodes of all
 * documents. The bar for frames is 0.9 (docs/performance.md has what was reached); here they may be fewer, since whatever
 * else runs on the machine takes from a page that draws text before it takes from one that draws a colour.
 */
const FRAMES = 0.5;
const HEAP = 150 * 1024 * 1024;
const NODES = 20_000;

let server;
let browser;
let address;
before(async () => {
  server = await Server.started();
  browser = await startBrowser();
  const page = await openProject(browser, server);
  await ask(page, "say hello");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  address = page.url();
  await page.context().close();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

async function openLong() {
  const page = await openPage(browser);
  await lengthen(page, MESSAGES);
  await page.goto(server.address);
  await page.goto(address);
  await log(page).getByText("Hello to you.").waitFor();
  return page;
}

/** Looks at everything once, so that nothing is unread any more. */
async function readAll(page) {
  await log(page).evaluate(async (element) => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    for (let hole = true; hole; ) {
      hole = [...element.querySelectorAll("[data-hole]")].at(-1);
      hole?.scrollIntoView({ block: "end" });
      await pause(30);
    }
  });
}

/** The frames while a gesture scrolls by so many pixels, and how much of a core the page's own thread took meanwhile. */
async function scrolled(page, pixels) {
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
  await client.send("Performance.enable");
  const worked = async () =>
    (await client.send("Performance.getMetrics")).metrics.find((it) => it.name === "TaskDuration").value;
  await page.evaluate(() => {
    window.frameTimes = [];
    const step = (time) => {
      window.frameTimes.push(time);
      window.nextFrame = requestAnimationFrame(step);
    };
    window.nextFrame = requestAnimationFrame(step);
  });
  const before = await worked();
  const gesture = { x: 600, y: 400, yDistance: pixels, speed: 2500, gestureSourceType: "mouse" };
  await client.send("Input.synthesizeScrollGesture", gesture);
  const work = (await worked()) - before;
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.nextFrame);
    return window.frameTimes;
  });
  await client.detach();
  const seconds = (frames.at(-1) - frames[0]) / 1000;
  const gaps = frames
    .slice(1)
    .map((time, at) => time - frames[at])
    .sort((a, b) => a - b);
  return { perSecond: gaps.length / seconds, work: work / seconds, longest: gaps.at(-1) };
}

/** The best of three: what else the machine does is not what is measured. */
async function bestOf(page, pixels) {
  const runs = [];
  for (let run = 0; run < 3; run += 1) runs.push(await scrolled(page, pixels));
  return runs.sort((a, b) => b.perSecond - a.perSecond)[0];
}

const told = ({ perSecond, longest, work }) =>
  `${perSecond.toFixed(1)} frames/s, the longest ${longest.toFixed(0)} ms, ${(work * 100).toFixed(0)} % of a core`;

async function heap(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.enable");
  await client.send("HeapProfiler.collectGarbage");
  const { usedSize } = await client.send("Runtime.getHeapUsage");
  const { nodes } = await client.send("Memory.getDOMCounters");
  await client.detach();
  return { usedSize, nodes };
}

test("a chat of 10,000 messages scrolls as an empty page does, in little memory", async () => {
  const page = await openLong();
  await readAll(page);
  await log(page).press("Home");
  await log(page).getByText("Question 1:").waitFor();

  const empty = await openPage(browser);
  await empty.setContent(`<div style="height: 400000px; background: linear-gradient(teal, gray)"></div>`);
  const best = await bestOf(empty, -12_000);
  await empty.context().close();

  await page.bringToFront();
  const ways = { down: await bestOf(page, -12_000), up: await bestOf(page, 12_000) };
  const { usedSize, nodes } = await heap(page);
  console.log(`an empty page: ${told(best)}`);
  for (const [way, run] of Object.entries(ways)) console.log(`${way}: ${told(run)}`);
  console.log(`heap: ${(usedSize / 1024 / 1024).toFixed(1)} MiB, ${nodes} nodes`);
  assert.ok(usedSize <= HEAP, `the heap holds ${usedSize} bytes`);
  assert.ok(nodes <= NODES, `there are ${nodes} nodes: most of what is far away must not be drawn`);
  for (const run of Object.values(ways)) {
    assert.ok(run.perSecond >= best.perSecond * FRAMES, `${told(run)}; an empty page: ${told(best)}`);
  }
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
