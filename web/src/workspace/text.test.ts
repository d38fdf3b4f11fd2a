import { expect, it } from "vitest";
import type { Route } from "../panes/registry.ts";
import { activate, alone, panesOf, resize, split } from "./layout.ts";
import { gone, recognised, workspaceAt } from "./store.ts";
import { layoutOf, remembered, workspaceAddress } from "./text.ts";

const project = "0198f3c2-7c6e-5a51-9d3e-0f8a6f1f2b3c";
const session = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3d";
const other = "0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b44";
const id = (n: number) => `0198f3c2-7c6e-7a51-9d3e-00000000000${n}`;
const chat = (n: number, of = session): Route => ({ pane: "chat", project, session: of, chat: id(n) });
const base = `/p/${project}/s/${session}`;

const two = split(alone(-1, chat(1)), -1, "right", { id: -2, route: { pane: "settings" } });
const three = resize(split(two, -2, "below", { id: -3, route: chat(3) }), "", 62.5);
const at = (text: string) => {
  const { pathname, search } = new URL(text, "http://x");
  return workspaceAt(pathname, search);
};

it("is as long as it need be: one pane is its path, several stand behind it", () => {
  expect(workspaceAddress(alone(1, chat(1)))).toBe(`${base}/c/${id(1)}`);
  expect(workspaceAddress(three)).toBe(`${base}/c/${id(3)}?panes=row62.5_c/${id(1)}_column_/settings_this`);
});

it("leads back to the same panes, the one in use included", () => {
  for (const active of [-1, -2, -3]) {
    const wanted = activate(three, active);
    const again = at(workspaceAddress(wanted));
    expect(workspaceAddress(again)).toBe(workspaceAddress(wanted));
    expect(panesOf(again.layout).map((pane) => pane.route)).toEqual(
      panesOf(three.layout).map((pane) => pane.route),
    );
  }
});

it.each([
  "row_this",
  "row_this_nothing",
  "row_this_/settings_/settings",
  "row_row_row_row_this_/_/_/_/_/",
  "this_this",
  "diagonal_this_/settings",
  "",
])("a text that is none shows what the path names: %s", (text) => {
  const workspace = at(`${base}/c/${id(1)}?panes=${text}`);
  expect(panesOf(workspace.layout).map((pane) => pane.route)).toEqual([chat(1)]);
});

it("no share of an address hides a pane", () => {
  expect(workspaceAddress(at(`${base}/c/${id(1)}?panes=row99_this_/settings`))).toContain("row85_");
});

it("a session remembers all its panes by name, and one pane not at all", () => {
  expect(remembered(three)).toBe(`row62.5_c/${id(1)}_column_/settings_c/${id(3)}`);
  expect(remembered(alone(1, chat(1)))).toBe("");
  const layout = layoutOf(remembered(three), chat(1), () => 0)?.layout;
  expect(layout && panesOf(layout).map((pane) => pane.route)).toEqual([
    chat(1),
    { pane: "settings" },
    chat(3),
  ]);
});

it("panes that were there keep their ids", () => {
  const again = recognised(at(workspaceAddress(three)), three);
  expect([panesOf(again.layout).map((pane) => pane.id), again.active]).toEqual([[-1, -2, -3], -3]);
  const elsewhere = recognised(at("/settings"), alone(-9, chat(1)));
  expect(elsewhere.active).toBe(-9);
});

it("within a session one stays among its panes, elsewhere one is alone", () => {
  expect(panesOf(gone(three, chat(7), null).layout).map((pane) => pane.route)).toEqual([
    chat(1),
    { pane: "settings" },
    chat(7),
  ]);
  expect(gone(three, chat(1), null)).toMatchObject({ active: -1, layout: three.layout });
  expect(panesOf(gone(three, { pane: "home" }, null).layout)).toEqual([{ id: -3, route: { pane: "home" } }]);
});

it("another session comes with the panes that it remembers", () => {
  const memory = `column30_c/${id(5)}_c/${id(6)}`;
  const known = gone(three, chat(6, other), memory);
  expect(panesOf(known.layout).map((pane) => pane.route)).toEqual([chat(5, other), chat(6, other)]);
  expect([known.session, panesOf(known.layout).find((pane) => pane.id === known.active)?.route]).toEqual([
    other,
    chat(6, other),
  ]);
  const fresh = gone(three, chat(8, other), memory);
  expect(panesOf(fresh.layout).map((pane) => pane.route)).toContainEqual(chat(8, other));
  // A new chat is begun alone, whatever is remembered; and what cannot be read is as if there were nothing.
  const begin: Route = { pane: "session", project, session: other };
  expect(panesOf(gone(three, begin, memory).layout)).toHaveLength(1);
  expect(panesOf(gone(three, chat(6, other), "row_").layout)).toHaveLength(1);
});
