import { expect, it } from "vitest";
import type { Message, MessagesPage } from "../wire/index.ts";
import { BLOCK, isWhole, Older } from "./older.ts";

const message = (index: number): Message => ({ kind: "user", message: `m${index}`, text: "", at: index });

function server(total: number) {
  const asked: [number, number][] = [];
  const read = async (before: number, limit: number): Promise<MessagesPage> => {
    asked.push([before, limit]);
    const end = Math.min(before, total);
    const first = Math.max(0, end - limit);
    return { first, messages: Array.from({ length: end - first }, (_, step) => message(first + step)) };
  };
  return { asked, read };
}

/** What was asked for is here, or has failed. */
const arrived = (older: Older) =>
  new Promise<void>((resolve) => {
    const stop = older.listen(() => {
      if ([...older.blocks.values()].includes("reading")) return;
      stop();
      resolve();
    });
  });

it("reads a block once, up to where the view begins", async () => {
  const { asked, read } = server(500);
  const older = new Older(read);
  older.want(1, 100);
  older.want(1, 100);
  await arrived(older);
  older.want(1, 100);
  expect(asked).toEqual([[100, 100 - BLOCK]]);
  const block = older.blocks.get(1);
  expect(isWhole(block, 36) && block.messages[0]).toEqual(message(BLOCK));
});

it("reads a block anew when the view has moved on within it", async () => {
  const { asked, read } = server(500);
  const older = new Older(read);
  older.want(1, 100);
  await arrived(older);
  older.want(1, 300);
  await arrived(older);
  expect(asked).toEqual([
    [100, 36],
    [128, 64],
  ]);
  expect(isWhole(older.blocks.get(1), BLOCK)).toBe(true);
});

it("reads nothing of what the view holds itself", () => {
  const { asked, read } = server(500);
  const older = new Older(read);
  older.want(2, 128);
  older.want(7, 128);
  expect(asked).toEqual([]);
});

it("says why a block is not here, and tries again when it is wanted again", async () => {
  let fails = true;
  const { read } = server(500);
  const older = new Older((before, limit) =>
    fails ? Promise.reject(new Error("The server does not answer")) : read(before, limit),
  );
  older.want(0, 500);
  await arrived(older);
  expect(older.blocks.get(0)).toEqual({ failed: "The server does not answer" });
  fails = false;
  older.want(0, 500);
  await arrived(older);
  expect(isWhole(older.blocks.get(0), BLOCK)).toBe(true);
});

it("takes no messages from another place than it asked for", async () => {
  const older = new Older(async () => ({ first: 3, messages: [message(3)] }));
  older.want(0, 500);
  await arrived(older);
  expect(older.blocks.get(0)).toHaveProperty("failed");
});
