import { expect, it } from "vitest";
import { afterLooking, isUnread, remembered, type Seen } from "./seen.ts";

const chat = { id: "c", state: "idle" as const, turns: 1, updated_at: 50 };
const fresh: Seen = { since: 10, chats: {} };

it("marks a chat in which something ended since it was looked at", () => {
  expect(isUnread(chat, fresh)).toBe(true);
  expect(isUnread(chat, afterLooking(fresh, "c", 50))).toBe(false);
  expect(isUnread({ ...chat, updated_at: 60 }, afterLooking(fresh, "c", 50))).toBe(true);
});

it("marks nothing that runs, that is empty, or that was there before", () => {
  expect(isUnread({ ...chat, state: "running" }, fresh)).toBe(false);
  expect(isUnread({ ...chat, turns: 0 }, fresh)).toBe(false);
  expect(isUnread({ ...chat, updated_at: 10 }, fresh)).toBe(false);
});

it("never looks back, and forgets what was looked at longest ago", () => {
  const seen = afterLooking(fresh, "c", 50);
  expect(afterLooking(seen, "c", 40)).toBe(seen);
  const many = Array.from({ length: 400 }, (_, index) => index).reduce(
    (was, index) => afterLooking(was, `c${index}`, index + 1),
    fresh,
  );
  expect(Object.keys(many.chats)).toHaveLength(300);
  expect(many.chats.c399).toBe(400);
  expect(many.chats.c0).toBeUndefined();
});

it("begins afresh where nothing sensible was remembered", () => {
  for (const text of [null, "{", "[]", '{"since":"x"}', '{"since":1,"chats":null}'])
    expect(remembered(text, 7)).toEqual({ since: 7, chats: {} });
  expect(remembered(JSON.stringify(fresh), 7)).toEqual(fresh);
});
