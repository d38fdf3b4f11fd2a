import { expect, test } from "vitest";
import type { Operation } from "../../wire/index.ts";
import { changes, type Json, located, member, patched, touches, valueAt } from "./patch.ts";

const of = (...patch: unknown[]) => patch as Operation[];

test("a patch adds, replaces and removes, and leaves what was before alone", () => {
  const before: Json = { title: "", turns: [{ text: "a" }, { text: "b" }], "a/b": 1, gone: true };
  const copy = structuredClone(before);
  const after = patched(
    before,
    of(
      { op: "replace", path: "/title", value: "Oil" },
      { op: "add", path: "/turns/2", value: { text: "c" } },
      { op: "replace", path: "/turns/0/text", value: "A" },
      { op: "remove", path: "/turns/1" },
      { op: "replace", path: "/a~1b", value: 2 },
      { op: "remove", path: "/gone" },
      { op: "add", path: "/new", value: null },
    ),
  );
  expect(after).toEqual({ title: "Oil", turns: [{ text: "A" }, { text: "c" }], "a/b": 2, new: null });
  expect(before).toEqual(copy);
  expect(patched(before, of({ op: "replace", path: "", value: 7 }))).toBe(7);
});

test("changes are told by place, with all that holds them", () => {
  const { at, above } = changes(
    of(
      { op: "add", path: "/turns/2", value: 1 },
      { op: "remove", path: "/gone" },
      { op: "replace", path: "/x", value: 1 },
    ),
  );
  expect([...at]).toEqual([
    ["/turns/2", "added"],
    ["/gone", "removed"],
    ["/x", "changed"],
  ]);
  expect([...above].sort()).toEqual(["", "/turns"]);
});

test("a place is touched by what is within it and by what it is within", () => {
  const patch = of({ op: "replace", path: "/turns/1/text", value: "" });
  expect(["", "/turns", "/turns/1/text", "/turns/1/text/0"].map((path) => touches(patch, path))).toEqual(
    Array(4).fill(true),
  );
  expect(["/turns/10", "/turn", "/turns/1/at"].map((path) => touches(patch, path))).toEqual(
    Array(3).fill(false),
  );
});

test("a value is found by its pointer", () => {
  const value: Json = { "a/b": [{ "c~d": 1 }] };
  expect(valueAt(value, member(member(member("", "a/b"), 0), "c~d"))).toBe(1);
  expect(valueAt(value, "/toString")).toBeUndefined();
});

test("what is put at the end of a list is named by where it stands then", () => {
  const patch = of({ op: "add", path: "/turns/-", value: 1 }, { op: "add", path: "/turns/-", value: 2 });
  expect(located({ turns: [0] }, patch).map(({ path }) => path)).toEqual(["/turns/1", "/turns/2"]);
});
