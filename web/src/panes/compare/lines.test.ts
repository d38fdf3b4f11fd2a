import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";

const marked = (before: string, now: string) =>
  linesOf(before, now)?.map((line) => `${{ both: " ", before: "-", now: "+" }[line.in]}${line.text}`);

test("lines that only one text has are marked, in their order", () => {
  expect(marked("a\nb\nc", "a\nb\nc")).toEqual([" a", " b", " c"]);
  expect(marked("a\nb\nc", "a\nx\nc")).toEqual([" a", "-b", "+x", " c"]);
  expect(marked("a\nc", "a\nb\nc\nd")).toEqual([" a", "+b", " c", "+d"]);
  expect(marked("x\na\ny\nb\nz", "a\nq\nb")).toEqual(["-x", " a", "-y", "+q", " b", "-z"]);
});

test("lines that stand in a text twice are not taken twice", () => {
  expect(marked("a\na", "a")).toEqual([" a", "-a"]);
  expect(marked("a", "a\na\na")).toEqual([" a", "+a", "+a"]);
});

test("texts that are too long are not compared", () => {
  const long = (word: string) => Array.from({ length: 2_000 }, (_, index) => `${word} ${index}`).join("\n");
  expect(linesOf(long("a"), long("b"))).toBeNull();
  expect(linesOf(long("a"), `${long("a")}\nmore`)?.filter((line) => line.in !== "both")).toEqual([
    { in: "now", text: "more" },
  ]);
});
