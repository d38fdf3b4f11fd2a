import { expect, it } from "vitest";
import type { ChatRow, ChatRowState } from "../wire/index.ts";
import { notices, statesOf } from "./notices.ts";

const chat = (id: string, state: ChatRowState) => ({ id, state }) as ChatRow;

it("tells of chats that ran and have ended, and of nothing else", () => {
  const before = statesOf([
    chat("a", "running"),
    chat("b", "running"),
    chat("c", "idle"),
    chat("d", "running"),
  ]);
  const now = [
    chat("a", "idle"),
    chat("b", "failed"),
    chat("c", "failed"),
    chat("d", "running"),
    chat("e", "idle"),
  ];
  expect(notices(before, now).map(({ chat, what }) => `${chat.id} ${what}`)).toEqual([
    "a has an answer",
    "b failed",
  ]);
});

it("does not tell of what one stopped oneself", () => {
  expect(notices(statesOf([chat("a", "running")]), [chat("a", "cancelled")])).toEqual([]);
});
