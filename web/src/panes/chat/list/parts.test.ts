import { describe, expect, it } from "vitest";
import { BLOCK, type Block, type Blocks } from "../../../live/older.ts";
import type { ChatView, Message, Turn } from "../../../wire/index.ts";
import { asking, called, said, tool, turns } from "./made.ts";
import { type Part, Parts, STRETCH, spotOf } from "./parts.ts";

const all = turns(100); // 300 messages
const view = (first: number, messages: Message[] = all.slice(first), turn: Turn | null = null) =>
  ({ first, messages, turn }) satisfies Pick<ChatView, "first" | "messages" | "turn">;
const read = (...numbers: number[]): Blocks =>
  new Map(
    numbers.map((block): [number, Block] => [
      block,
      { messages: all.slice(block * BLOCK, (block + 1) * BLOCK) },
    ]),
  );
const none: Blocks = new Map();
/** Holes by what is missing, and stretches that follow one another by where they begin. */
const shape = (parts: Part[]) =>
  parts
    .map((part) => (part.kind === "hole" ? `no ${part.from}-${part.to}` : `from ${part.rows[0]?.index}`))
    .filter((word, at, all) => word.startsWith("no") || !all[at - 1]?.startsWith("from"));
const keys = (parts: Part[]) =>
  parts.flatMap((part) => (part.kind === "hole" ? [] : part.rows.map((row) => row.key)));
const open = { turn: 101 } as Turn;

describe("a conversation", () => {
  it("begins with holes where nothing was read, and ends with the view", () => {
    expect(shape(new Parts().of(view(250), none))).toEqual([
      "no 0-64",
      "no 64-128",
      "no 128-192",
      "no 192-250",
      "from 250",
    ]);
  });

  it("has no hole where all is in the view", () => {
    const parts = new Parts().of(view(0), none);
    expect(parts.every((part) => part.kind === "stretch")).toBe(true);
    expect(keys(parts)).toHaveLength(300);
  });

  it("fills holes with what was read, in its place", () => {
    const parts = new Parts().of(view(250), read(1, 3));
    expect(shape(parts)).toEqual(["no 0-64", "from 64", "no 128-192", "from 192"]);
    expect(new Set(keys(parts)).size).toBe(64 + 108);
  });

  it("comes in stretches of a few rows, each with a number of its own", () => {
    const parts = new Parts().of(view(0), none);
    const numbers = parts.map((part) => part.kind === "stretch" && part.number);
    expect(new Set(numbers).size).toBe(parts.length);
    expect(parts.every((part) => part.kind === "stretch" && part.rows.length <= STRETCH)).toBe(true);
  });

  it("keeps stretches by their numbers, whatever is read before them", () => {
    const before = new Parts().of(view(250), none).at(-1);
    const after = new Parts().of(view(250), read(0, 1, 2, 3)).at(-1);
    expect(after).toEqual(before);
  });

  it("says of a hole that it is being read, or could not be", () => {
    const blocks: Blocks = new Map<number, Block>([
      [0, "reading"],
      [1, { failed: "no" }],
    ]);
    expect(new Parts().of(view(128), blocks).slice(0, 2)).toMatchObject([
      { state: "reading" },
      { state: { failed: "no" } },
    ]);
  });

  it("takes a block for a hole where the view has moved on since it was read", () => {
    const short: Blocks = new Map([[3, { messages: all.slice(192, 250) }]]);
    expect(shape(new Parts().of(view(250), short))).toContain("from 192");
    expect(shape(new Parts().of(view(256), short))).toContain("no 192-256");
  });

  it("puts only the open turn together anew while an answer streams", () => {
    const parts = new Parts();
    const streaming = (text: string) =>
      view(200, [...all.slice(200), said("m101"), called("101.1", { text, state: { kind: "open" } })], open);
    const before = parts.of(streaming("a"), none);
    const after = parts.of(streaming("ab"), none);
    const same = after.filter((part, at) => part === before[at]);
    expect(same).toHaveLength(before.length - 1);
    expect(keys(after)).toEqual(keys(before));
  });

  it("shows the same whether the turn is open or has ended", () => {
    const parts = new Parts();
    const messages = [...all.slice(200), said("m101"), asking("101.1", [tool("a")])];
    expect(shape(parts.of(view(200, messages, open), none))).toEqual(
      shape(parts.of(view(200, messages), none)),
    );
  });
});

it("a message is found by its index", () => {
  const parts = new Parts().of(view(250), read(1));
  expect(spotOf(parts, 10)).toMatchObject({ part: { kind: "hole", block: 0 }, row: null });
  expect(spotOf(parts, 66)).toMatchObject({ row: { kind: "user", key: "m23" } });
  expect(spotOf(parts, 299)).toMatchObject({ row: { key: "end 100" } });
  const group = [said("m1"), asking("1.1", [tool("a")]), asking("1.2", [tool("b")])];
  expect(spotOf(new Parts().of(view(0), none), 5_000)?.row?.key).toBe("end 100");
  expect(spotOf(new Parts().of(view(0, group), none), 2)?.row?.key).toBe("tools 1.1");
});
