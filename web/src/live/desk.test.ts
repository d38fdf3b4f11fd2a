import { expect, it } from "vitest";
import type { ChatRow, ProjectRow, SessionRow } from "../wire/index.ts";
import { NO_USAGE } from "./chat.ts";
import { desk } from "./desk.ts";

const project = (id: string, name: string): ProjectRow => ({
  stream: `project/${id}`,
  id,
  path: `/${name}`,
  name,
  slug: name,
  trusted: false,
  registered_at: 0,
  updated_at: 0,
});
const session = (id: string, updated_at: number, change: Partial<SessionRow> = {}): SessionRow => ({
  stream: `session/${id}`,
  id,
  project: "p",
  title: "",
  named: false,
  model: null,
  archived: false,
  chats: 0,
  opened_at: 0,
  updated_at,
  ...change,
});
const chat = (id: string, of: string, updated_at: number, change: Partial<ChatRow> = {}): ChatRow => ({
  stream: `chat/${id}`,
  id,
  session: of,
  project: "p",
  title: "",
  model: "offline",
  origin: { kind: "user" },
  turns: 0,
  state: "idle",
  last: `said in ${id}`,
  archived: false,
  usage: NO_USAGE,
  opened_at: 0,
  updated_at,
  ...change,
});

it("sorts projects by name, sessions and chats by what happened last in them", () => {
  const [a, b] = desk(
    [project("q", "zebra"), project("p", "ant")],
    [session("s1", 10), session("s2", 5), session("old", 99, { archived: true })],
    [chat("c1", "s2", 20), chat("c2", "s2", 30)],
  );
  expect([a?.name, b?.name]).toEqual(["ant", "zebra"]);
  expect(a?.sessions.map((it) => it.id)).toEqual(["s2", "s1"]);
  expect(a?.sessions[0]?.inside.map((it) => it.id)).toEqual(["c2", "c1"]);
  expect(b?.sessions).toEqual([]);
});

it("names a session by its title, or else by what was said in it", () => {
  const labels = (title: string, chats: ChatRow[]) =>
    desk([project("p", "ant")], [session("s", 0, { title })], chats)[0]?.sessions[0]?.label;
  expect(labels("Mine", [chat("c", "s", 1)])).toBe("Mine");
  expect(labels("", [chat("c", "s", 1)])).toBe("said in c");
  expect(labels("", [])).toBe("New session");
});

it("shows what runs before what failed", () => {
  const states = (...of: ChatRow["state"][]) =>
    desk(
      [project("p", "ant")],
      [session("s", 0)],
      of.map((state, index) => chat(`c${index}`, "s", index, { state })),
    )[0]?.state;
  expect(states("failed", "running", "idle")).toBe("running");
  expect(states("failed", "waiting", "running")).toBe("waiting");
  expect(states("idle", "failed", "cancelled")).toBe("failed");
  expect(states("idle", "cancelled")).toBe("idle");
});
