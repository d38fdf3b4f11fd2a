import { describe, expect, it } from "vitest";
import type { Message } from "../../../wire/index.ts";
import { asking, called, ended, said, tool } from "./made.ts";
import { rowsOf, sameRow, toolsOf } from "./rows.ts";

const keys = (...messages: Message[]) => rowsOf(messages, 0, false).map((row) => row.key);

describe("rows", () => {
  it("are one for each message that shows something", () => {
    expect(keys(said("m1"), called("1.1", { text: "yes" }), ended(1))).toEqual(["m1", "1.1", "end 1"]);
  });

  it("begin with the index at which the messages begin", () => {
    expect(rowsOf([said("m1"), called("1.1", { text: "a" })], 70, false).map((row) => row.index)).toEqual([
      70, 71,
    ]);
  });

  it("put the tools of calls that wrote nothing into one group", () => {
    const messages = [
      said("m1"),
      asking("1.1", [tool("a"), tool("b")], { text: "I look." }),
      asking("1.2", [tool("c")]),
      asking("1.3", [tool("d")], { reasoning: "hm" }),
      asking("1.4", [tool("e")], { text: "And then." }),
      called("1.5", { text: "Done." }),
      ended(1),
    ];
    const rows = rowsOf(messages, 0, false);
    expect(rows.map((row) => row.key)).toEqual([
      "m1",
      "1.1",
      "tools 1.1",
      "1.4",
      "tools 1.4",
      "1.5",
      "end 1",
    ]);
    const group = rows[2];
    if (group?.kind !== "tools") throw new Error("there is no group");
    expect(toolsOf(group).map((it) => it.tool_call)).toEqual(["a", "b", "c", "d"]);
    expect(group.steps.map((step) => step.reasoned)).toEqual([false, false, true]);
  });

  it("keep groups of different turns apart", () => {
    expect(keys(asking("1.1", [tool("a")]), ended(1), said("m2"), asking("2.1", [tool("b")]))).toEqual([
      "tools 1.1",
      "end 1",
      "m2",
      "tools 2.1",
    ]);
  });

  it("show a call that failed or was cut off between its neighbours' tools", () => {
    const error = { code: "overloaded", message: "busy", retry: "later" as const };
    const cut = [{ attempt: 1, text: "Hel", reasoning: "" }];
    expect(
      keys(
        asking("1.1", [tool("a")]),
        called("1.2", { state: { kind: "failed", error } }),
        asking("1.3", [tool("b")], { interrupted: cut }),
      ),
    ).toEqual(["tools 1.1", "1.2", "1.3", "tools 1.3"]);
  });

  it("leave out a call that has not said anything yet", () => {
    const waiting = called("1.1", { state: { kind: "open" }, attempt: null });
    expect(keys(said("m1"), waiting)).toEqual(["m1"]);
  });

  it("know what goes on: the last message of an open turn", () => {
    const messages = [said("m1"), asking("1.1", [tool("a")]), asking("1.2", [tool("b", { open: true })])];
    expect(rowsOf(messages, 0, true).at(-1)).toMatchObject({ kind: "tools", current: true });
    expect(rowsOf(messages, 0, false).at(-1)).toMatchObject({ kind: "tools", current: false });
  });

  it("show what they do not understand as it came, beside all others", () => {
    const strange = { kind: "omen", of: "the future" } as unknown as Message;
    const broken = { ...called("1.1"), text: null } as unknown as Message;
    expect(keys(said("m1"), strange, broken, ended(1))).toEqual(["m1", "raw 1", "raw 2", "end 1"]);
  });

  it("tell the end of a turn which call was its last", () => {
    const call = called("1.1", { text: "a" });
    expect(rowsOf([call, ended(1)], 0, false).at(-1)).toMatchObject({ before: call });
    expect(rowsOf([ended(1)], 0, false).at(-1)).toMatchObject({ before: null });
  });
});

it("rows are the same as long as their messages are", () => {
  const messages: Message[] = [said("m1"), asking("1.1", [tool("a")], { text: "x" }), ended(1)];
  const once = rowsOf(messages, 0, false);
  const again = rowsOf(messages, 0, false);
  expect(once.every((row, at) => sameRow(row, again[at] as (typeof again)[0]))).toBe(true);
  const changed = rowsOf([said("m1"), asking("1.1", [tool("a")], { text: "xy" }), ended(1)], 0, false);
  expect(once.map((row, at) => sameRow(row, changed[at] as (typeof changed)[0]))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
