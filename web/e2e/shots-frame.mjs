// What the pictures show of the frame: panes beside each other, palette, menus, settings, what is empty or away.
import { ask, composer, log, openPage, openProject, turnEnded } from "./harness.mjs";

/** Goes through the frame; `shot` takes a picture of a page under a name. */
export async function frame(browser, server, options, shot) {
  await loading(browser, server, options, shot);
  const page = await openProject(browser, server, options);
  const chats = [];
  for (const text of ["say hello", "what is in here?", "fail for good"]) {
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await ask(page, text);
    await turnEnded(page);
    chats.push(new URL(page.url()).pathname);
    await page.goto(`${server.origin}${chats[0].split("/s/")[0]}`);
    await composer(page).waitFor();
  }
  await home(page, server, options, shot);
  if (options.isMobile) await phonePanes(page, server, chats, shot);
  else await desktopPanes(page, server, chats, shot);
  await replay(page, server, chats, shot);
  await workflows(page, server, chats, shot);
  await settings(page, server, options, shot);
  await page.context().close();
}

async function replay(page, server, [, chat], shot) {
  await page.goto(`${server.origin}${chat}/replay@14`);
  await page.getByRole("list", { name: "Events" }).locator("[aria-current=true]").waitFor();
  await page.getByRole("region", { name: "The state after it" }).getByText("messages").first().waitFor();
  await page.waitForTimeout(300);
  await shot(page, "replay");
}

async function workflows(page, server, [chat], shot) {
  await page.goto(`${server.origin}${chat.split("/s/")[0]}/workflows`);
  // The engine may have to be compiled first.
  await page.getByRole("button", { name: "Run review-code" }).click({ timeout: 90_000 });
  await shot(page, "workflows");
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByRole("button", { name: /^security/ }).click();
  await shot(page, "run");
  await page.getByRole("region", { name: "Result" }).waitFor({ timeout: 60_000 });
  await shot(page, "run-done");
}

/** Before the server has said anything: the socket is held back. */
async function loading(browser, server, options, shot) {
  const page = await openPage(browser, {
    ...options,
    beforeOpening: (opened) => opened.routeWebSocket(/\/ws$/, () => undefined),
  });
  await page.goto(server.address);
  await page
    .getByRole("status", { name: /Loading/ })
    .first()
    .waitFor();
  await page.waitForTimeout(400);
  await shot(page, "loading");
  await page.context().close();
}

async function home(page, server, { isMobile }, shot) {
  await page.goto(server.origin);
  await page.getByRole("region", { name: "Waiting for you" }).waitFor();
  await page.getByText(/^Today/).waitFor();
  await shot(page, "home");
  await page.getByRole("button", { name: isMobile ? "Sessions" : /^Find anything/ }).click();
  if (isMobile) {
    await page.getByRole("navigation", { name: "Projects and sessions" }).waitFor();
    await shot(page, "rail");
    await page.getByRole("button", { name: /^Find anything/ }).click();
  }
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await palette.getByRole("option").first().waitFor();
  await shot(page, "palette");
  await page.keyboard.type("set");
  await palette.getByText("Found").waitFor();
  await shot(page, "palette-found");
  await page.keyboard.press("Escape");
  if (isMobile) return;
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  await shot(page, "shortcuts");
  await page.keyboard.press("Escape");
  const rail = page.getByRole("navigation", { name: "Projects and sessions" });
  await rail.getByRole("link", { name: /say hello/ }).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Archive" }).waitFor();
  await shot(page, "rail-menu");
  await page.keyboard.press("Escape");
  await rail.getByRole("searchbox").fill("nothing like this");
  await rail.getByText("Nothing is called so.").waitFor();
  await shot(page, "rail-filter");
  await page.getByRole("button", { name: /^Fold the rail/ }).click();
  await shot(page, "rail-folded");
  await page.getByRole("button", { name: /^Unfold the rail/ }).click();
}

async function desktopPanes(page, server, [one, two, three], shot) {
  await page.goto(`${server.origin}${two}?panes=row55_this_column_${one}_${three}`);
  await page.getByRole("log").nth(2).waitFor();
  await log(page).first().getByText("That is all.").waitFor();
  await page.waitForTimeout(300);
  await shot(page, "panes-three");
  await page.getByRole("button", { name: "Split or move the pane" }).first().click();
  await page.getByRole("menuitem", { name: /Split right/ }).waitFor();
  await shot(page, "pane-menu");
  await page.keyboard.press("Escape");
  await page.goto(`${server.origin}${two}?panes=row_this_${one}`);
  await page.getByRole("log").nth(1).waitFor();
  await page
    .getByRole("contentinfo")
    .getByRole("button", { name: /tokens/ })
    .click();
  await page.getByRole("dialog", { name: "Tokens of this chat" }).waitFor();
  await shot(page, "panes-two");
  await page.keyboard.press("Escape");
}

async function phonePanes(page, server, [one, two], shot) {
  await page.goto(`${server.origin}${two}?panes=row_this_${one}`);
  await page.getByRole("navigation", { name: "Panes" }).waitFor();
  await log(page).getByText("That is all.").waitFor();
  await shot(page, "panes");
}

async function settings(page, server, { isMobile }, shot) {
  for (const section of ["models", "keys", "look", "about"]) {
    await page.goto(`${server.origin}/settings/${section}`);
    await page.locator(`[data-section="${section}"]`).waitFor();
    await page.getByText("New chats ask").waitFor();
    await page.waitForTimeout(200);
    await shot(page, `settings-${section}`);
  }
  await page.goto(`${server.origin}/settings/models`);
  await page.getByRole("button", { name: "Set a key" }).first().click();
  await page.getByRole("dialog").waitFor();
  await shot(page, "settings-set-key");
  await page.keyboard.press("Escape");
  await page.goto(`${server.origin}/settings/keys`);
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name").fill(isMobile ? "phone" : "laptop");
  await shot(page, "settings-make-key");
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByLabel(/Copy it now/).waitFor();
  await shot(page, "settings-made-key");
  await page.getByRole("button", { name: "Done" }).click();

  await page.goto(`${server.origin}/archived`);
  await page.getByText("Nothing is put away").waitFor();
  await shot(page, "archive-empty");
}
