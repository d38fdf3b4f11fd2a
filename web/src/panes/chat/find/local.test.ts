import { expect, it } from "vitest";
import { asking, called, ended, said, tool } from "../list/made.ts";
import { localFinds, patternOf } from "./local.ts";

const found = tool("1.1.0");
if (found.state.kind === "finished") found.state.output = "fn scan() reads a torn tail";
const run = {
  from: 40,
  messages: [
    said("m1", "What is a torn\n  tail?"),
    asking("1.1", [found], { text: "I look." }),
    called("1.2", { text: "A TORN tail is where the power went out." }),
    ended(1),
  ],
};

it("finds words in whatever case and with whatever space between them, the newest first", () => {
  const finds = localFinds([run], "torn tail", 10);
  expect(finds.map((find) => [find.index, find.kind, find.tool_call])).toEqual([
    [42, "answer", undefined],
    [41, "output", "1.1.0"],
    [40, "said", undefined],
  ]);
  expect(finds[2]?.snippet).toBe("What is a torn tail?");
  const [{ from, to } = { from: 0, to: 0 }] = finds[0]?.marks ?? [];
  expect(finds[0]?.snippet.slice(from, to)).toBe("TORN tail");
});

it("shows only a piece of a long text, and no more finds than are asked for", () => {
  const long = { from: 0, messages: [said("m", `${"a ".repeat(200)}needle${" b".repeat(200)}`)] };
  const [find] = localFinds([long], "needle", 10);
  expect(find?.snippet.length).toBeLessThan(200);
  expect(find?.snippet).toMatch(/^….*needle.*…$/);
  expect(localFinds([run], "torn", 2)).toHaveLength(2);
});

it("takes signs for what they are, and finds nothing where there are no words", () => {
  expect(localFinds([run], "scan()", 10)).toHaveLength(1);
  expect(localFinds([run], "sc.n", 10)).toEqual([]);
  expect(localFinds([run], "  ", 10)).toEqual([]);
  expect(patternOf("a-b/c")?.test("a-b/c")).toBe(true);
});
