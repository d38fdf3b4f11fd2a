// Pictures of every pane, in both themes, on a desktop and on a phone: `npm run shots` writes them into shots/.
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  ask,
  composer,
  connected,
  log,
  mark,
  openPage,
  openProject,
  Server,
  startBrowser,
  turnEnded,
  turnOpen,
} from "./harness.mjs";
import { chatShots } from "./shots-chat.mjs";
import { frame } from "./shots-frame.mjs";
import { runs } from "./shots-runs.mjs";

const FOLDER = fileURLToPath(new URL("../../shots/", import.meta.url));
const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  // As narrow as phones come: what fits here fits.
  phone: { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true },
};

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const browser = await startBrowser();
for (const colorScheme of ["light", "dark"])
  for (const [size, options] of Object.entries(SIZES)) {
    let server = await Server.started();
    try {
      const shot = (page, name) => picture(page, `${name}-${size}-${colorScheme}`);
      await story(server, { ...options, colorScheme }, shot);
      await server.close();
      server = await Server.started();
      await frame(browser, server, { ...options, colorScheme }, shot);
      await server.close();
      server = await Server.started();
      await runs(browser, server, { ...options, colorScheme }, shot);
    } finally {
      await server.close();
    }
  }
await browser.close();

async function picture(page, name) {
  const wide = await page.evaluate(tooWide);
  if (wide.length > 0) console.error(`${name}: wider than there is room for: ${wide.join(", ")}`);
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });
}

/** What would have to be scrolled sideways, code and tables aside. */
function tooWide() {
  const all = [document.documentElement, ...document.querySelectorAll("body *")];
  return all
    .filter(
      (element) => element.scrollWidth > element.clientWidth + 1 && !element.closest("pre, table, .code"),
    )
    .filter((element) => element.scrollLeft > 0 || /auto|scroll/.test(getComputedStyle(element).overflowX))
    .map((element) => `${element.tagName.toLowerCase()}.${String(element.className).slice(0, 40)}`);
}

async function story(server, options, shot) {
  const stranger = await openPage(browser, options);
  await stranger.goto(server.origin);
  await stranger.getByLabel("Key").waitFor();
  await shot(stranger, "sign-in");
  await stranger.goto(server.address);
  await stranger.getByText("built in and is no language model").waitFor();
  await shot(stranger, "first-start");
  await stranger.context().close();

  const page = await openProject(browser, server, options);
  await page.getByRole("heading", { name: "May what this folder's files name run?" }).waitFor();
  await shot(page, "project");
  await page.getByRole("button", { name: "Not now" }).click();

  await ask(page, "what is in here?");
  await log(page).getByText("That is all.").waitFor();
  await turnEnded(page);
  await page.getByRole("button", { name: /Read README\.md/ }).click();
  await log(page).getByText("A small project for journeys").waitFor();
  await shot(page, "chat-tools");
  await page.getByRole("combobox", { name: /^Model/ }).click();
  await page.getByPlaceholder("Search, or name one").waitFor();
  await shot(page, "chat-model");
  await page.keyboard.press("Escape");
  await chatShots(page, shot);

  await ask(page, "tell a long story");
  await log(page).getByText("Line 12 of the story.").waitFor();
  await ask(page, "you are busy at first");
  await page.getByRole("list", { name: "Waiting messages" }).waitFor();
  await shot(page, "chat-streaming");
  await server.kill();
  await mark(page, "connection", "reconnecting");
  await shot(page, "chat-reconnecting");
  await server.start();
  await connected(page);
  await page.getByRole("button", { name: /Interrupted/ }).waitFor();
  await turnOpen(page);
  await page.getByRole("button", { name: "Stop" }).click();
  await log(page)
    .getByText(/tried again in/)
    .waitFor();
  await shot(page, "chat-stopped-and-busy");
  await log(page).getByText("Now there is time.").waitFor({ timeout: 30_000 });

  await page.goto(`${server.origin}/add`);
  await page.getByRole("listbox").waitFor();
  await shot(page, "add-project");
  await page.goto(`${server.origin}/p/nothing`);
  await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
  await shot(page, "lost");
  await page.goto(server.origin);
  await page.getByRole("region", { name: "Projects" }).getByRole("link").click();
  await composer(page).waitFor();
  await page.getByRole("region", { name: "Sessions" }).waitFor();
  await shot(page, "project-with-sessions");
  await page.context().close();
}
