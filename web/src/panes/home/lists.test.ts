import { expect, it } from "vitest";
import type { ProjectOnDesk, SessionOnDesk } from "../../live/desk.ts";
import type { ChatRow } from "../../wire/index.ts";
import { listsOf } from "./lists.ts";

const chat = (id: string, state: ChatRow["state"], updated_at: number) =>
  ({ id, state, updated_at, turns: 1 }) as ChatRow;
const session = (id: string, active_at: number, ...inside: ChatRow[]) =>
  ({ id, active_at, inside }) as SessionOnDesk;
const projects = [
  { sessions: [session("s1", 5, chat("a", "running", 5), chat("b", "idle", 3))] },
  { sessions: [session("s2", 9, chat("c", "failed", 9), chat("d", "idle", 7), chat("e", "cancelled", 8))] },
] as ProjectOnDesk[];

it("puts each chat where it matters most, the newest first", () => {
  const { running, waiting, finished, recent } = listsOf(projects, { since: 0, chats: { b: 3 } });
  expect([running, waiting, finished].map((list) => list.map(({ id }) => id))).toEqual([
    ["a"],
    ["c"],
    ["e", "d"],
  ]);
  expect(recent.map(({ id }) => id)).toEqual(["s2", "s1"]);
});
