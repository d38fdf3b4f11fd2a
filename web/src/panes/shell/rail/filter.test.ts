import { expect, it } from "vitest";
import type { ProjectOnDesk, SessionOnDesk } from "../../../live/desk.ts";
import { filtered } from "./filter.ts";

const session = (label: string, ...chats: string[]) =>
  ({ label, inside: chats.map((title) => ({ title, last: "" })) }) as SessionOnDesk;
const projects = [
  { name: "atlas", sessions: [session("Fix the build", "Fix it", "Why Rust?"), session("Docs")] },
  { name: "zebra", sessions: [session("Stripes")] },
] as ProjectOnDesk[];

const shown = (query: string) =>
  filtered(projects, query).map(({ name, sessions }) => [
    name,
    sessions.map(({ label, inside }) => `${label} ${inside.length}`),
  ]);

it("shows everything where nothing is looked for", () => {
  expect(shown("  ")).toHaveLength(2);
});

it("finds sessions by name, chats by theirs, and projects with all they have", () => {
  expect(shown("docs")).toEqual([["atlas", ["Docs 0"]]]);
  expect(shown("rust")).toEqual([["atlas", ["Fix the build 1"]]]);
  expect(shown("zebra")).toEqual([["zebra", ["Stripes 0"]]]);
  expect(shown("nothing like it")).toEqual([]);
});
