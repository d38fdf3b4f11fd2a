import { expect, it } from "vitest";
import type { ChatRow, ProjectRow, SessionRow } from "../../wire/index.ts";
import { putAway } from "./list.ts";

const session = (id: string, archived: boolean, updated_at = 1) =>
  ({ id, stream: `session/${id}`, project: "p", title: id, archived, updated_at }) as SessionRow;
const chat = (id: string, of: string, archived: boolean, updated_at = 1) =>
  ({
    id,
    stream: `chat/${id}`,
    project: "p",
    session: of,
    title: id,
    last: "",
    archived,
    updated_at,
  }) as ChatRow;

it("lists sessions that were put away, and chats of others, the last first", () => {
  const items = putAway(
    [{ id: "p", name: "atlas" } as ProjectRow],
    [session("open", false), session("away", true, 5), session("bare", true, 2)],
    [
      chat("a", "open", true, 9),
      chat("b", "open", false),
      chat("c", "away", true),
      chat("d", "away", false, 3),
    ],
  );
  expect(items.map(({ kind, label, project }) => `${kind} ${label} ${project}`)).toEqual([
    "chat a atlas",
    "session away atlas",
    "session bare atlas",
  ]);
  expect(items.map(({ to }) => ("chat" in to ? to.chat : to.pane))).toEqual(["a", "d", "session"]);
});
