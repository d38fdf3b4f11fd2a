import { expect, it } from "vitest";
import { afterUse, groups, type Item } from "./items.ts";

const item = (id: string, label: string, more: Partial<Item> = {}): Item => ({
  id,
  kind: "action",
  label,
  run: () => undefined,
  ...more,
});

const items = [
  item("a", "Settings"),
  item("b", "Split the pane: right"),
  item("c", "Set up the build", { kind: "session", detail: "atlas" }),
  item("d", "offline", { kind: "model", words: "model" }),
];
const shown = (query: string, recent: string[] = []) =>
  groups(items, query, recent).map(({ label, items }) => [label, items.map(({ id }) => id)]);

it("shows what was used last first, then everything by its kind, each once", () => {
  expect(shown("", ["c", "gone"])).toEqual([
    ["Used last", ["c"]],
    ["Actions", ["a", "b"]],
    ["Models", ["d"]],
  ]);
});

it("shows what fits best first, and of what fits alike what was used last", () => {
  expect(shown("set")[0]?.[1]?.slice(0, 2)).toEqual(["a", "c"]);
  expect(shown("set", ["c"])[0]?.[1]?.[0]).toBe("c");
  expect(shown("zzz")).toEqual([]);
});

it("finds by where something belongs and by other words", () => {
  expect(shown("atlas")).toEqual([["Found", ["c"]]]);
  expect(shown("model")).toEqual([["Found", ["d"]]]);
});

it("remembers what was used once, the last first, and not for ever", () => {
  expect(afterUse(["a", "b"], "b")).toEqual(["b", "a"]);
  expect(
    afterUse(
      Array.from({ length: 20 }, (_, index) => `${index}`),
      "x",
    ),
  ).toHaveLength(20);
});
