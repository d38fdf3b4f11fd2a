// Pictures of the chat pane in all its states, for shots.mjs.
import { ask, composer, log, turnEnded, turnOpen } from "./harness.mjs";

/** A picture with some colour in it, as the bytes of a PNG, drawn by the browser itself. */
function png(page) {
  return page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 400);
    const pen = canvas.getContext("2d");
    const fill = (colour, draw) => {
      pen.fillStyle = colour;
      pen.beginPath();
      draw();
      pen.fill();
    };
    fill("#0f766e", () => pen.rect(0, 0, 640, 400));
    fill("#f0c75e", () => pen.arc(460, 140, 80, 0, 7));
    fill("#16302d", () => {
      for (const [x, y] of [
        [0, 400],
        [220, 180],
        [360, 320],
        [460, 240],
        [640, 400],
      ])
        pen.lineTo(x, y);
    });
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
}

export async function chatShots(page, shot) {
  await ask(page, "look everywhere");
  await log(page).getByText("I have looked everywhere.").waitFor();
  await turnEnded(page);
  await shot(page, "chat-grouped");
  await log(page)
    .getByRole("button", { name: /^8 tool calls/ })
    .click();
  await shot(page, "chat-grouped-open");

  await composer(page).fill("/");
  await page.getByRole("listbox", { name: "Commands" }).waitFor();
  await shot(page, "chat-commands");
  await composer(page).fill("");
  await composer(page).pressSequentially("look at @ma");
  await page.getByRole("listbox", { name: "Files" }).waitFor();
  await shot(page, "chat-files");
  await composer(page).fill("say hello to the picture");
  const buffer = Buffer.from(await png(page));
  await page.locator("input[type=file]").setInputFiles([
    { name: "mountains.png", mimeType: "image/png", buffer },
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("some notes") },
    { name: "noise.bin", mimeType: "image/png", buffer: Buffer.from([1, 2, 3]) },
  ]);
  await page.getByRole("button", { name: "Try noise.bin again" }).waitFor();
  await shot(page, "chat-attaching");
  await page.getByRole("button", { name: "Take out noise.bin" }).click();
  await composer(page).press("Enter");
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await shot(page, "chat-images");
  await page.getByRole("button", { name: "Show mountains.png large" }).click();
  await page.getByRole("dialog", { name: "mountains.png" }).waitFor();
  await shot(page, "chat-lightbox");
  await page.keyboard.press("Escape");

  const said = log(page).getByRole("article", { name: "You" }).last();
  await said.hover();
  await said.getByRole("button", { name: "What can be done with this message" }).click();
  await page.getByRole("menuitem", { name: "Edit and ask anew" }).waitFor();
  await shot(page, "chat-message-menu");
  await page.getByRole("menuitem", { name: "Edit and ask anew" }).click();
  const field = page.getByRole("textbox", { name: "The message, to be changed" });
  await field.waitFor();
  await shot(page, "chat-edit");
  await field.fill("say hello to the mountains");
  await field.press("Enter");
  await page.getByRole("link", { name: /^Fork of/ }).waitFor();
  await log(page).getByText("Hello to you.").waitFor();
  await turnEnded(page);
  await shot(page, "chat-fork");
  await ask(page, "/search look");
  await page.getByRole("list", { name: "Finds" }).waitFor();
  await page.getByRole("textbox", { name: "Words to look for" }).press("Enter");
  await page.waitForFunction(() => document.querySelector("[data-arrived]") !== null);
  await shot(page, "chat-find");
  await page.keyboard.press("Escape");
  await page.evaluate(() => {
    location.hash = "pin=2.4";
  });
  await page.getByRole("button", { name: "Jump to pinned" }).waitFor();
  await shot(page, "chat-pinned");
  await page.getByRole("button", { name: "Forget the pinned message" }).click();
  await ask(page, "/archive");
  await page.getByText("This chat was put away.").waitFor();
  await shot(page, "chat-put-away");
  await ask(page, "tell a long story");
  await turnOpen(page);
  await log(page).getByText("Line 6 of the story.").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await turnEnded(page);
}
