import { expect, it } from "vitest";
import type { ChatRow, ChatRowState } from "../wire/index.ts";
import { knownOf, notices } from "./notices.ts";

const chat = (id: string, state: ChatRowState, turns = 1) => ({ id, state, turns }) as ChatRow;
const told = (before: ChatRow[], now: ChatRow[]) =>
  notices(knownOf(before), now).map(({ chat, what }) => `${chat.id} ${what}`);

it("tells of chats that ran and have ended, and of nothing else", () => {
  const before = [chat("a", "running"), chat("b", "running"), chat("c", "idle"), chat("d", "running")];
  const now = [chat("a", "idle"), chat("b", "failed"), chat("c", "idle"), chat("d", "running")];
  expect(told(before, now)).toEqual(["a has an answer", "b failed"]);
});

it("tells of a turn that was too short to be seen, in a new chat too", () => {
  expect(
    told([chat("a", "idle", 1)], [chat("a", "idle", 2), chat("b", "idle", 1), chat("c", "idle", 0)]),
  ).toEqual(["a has an answer", "b has an answer"]);
});

it("does not tell of what one stopped oneself", () => {
  expect(told([chat("a", "running")], [chat("a", "cancelled")])).toEqual([]);
});
