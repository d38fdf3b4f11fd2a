import { expect, it } from "vitest";
import { tool } from "../list/made.ts";
import { summarised, verbWords } from "./summary.ts";

it("counts what was done and how it ended", () => {
  const summary = summarised([
    tool("a"),
    tool("b", { outcome: "failed", ms: 40 }),
    tool("c", { name: "search_text", outcome: "unknown" }),
    tool("d", { open: true }),
  ]);
  expect(summary).toMatchObject({ count: 4, failed: 1, unknown: 1, open: 1, longest: 40 });
  expect(summary.verbs).toEqual([
    ["Read", 3],
    ["Search", 1],
  ]);
});

it("counts time once in which several ran", () => {
  const at = (since: number, ms: number) => tool("x", { since: since * 1_000, ms });
  expect(summarised([at(0, 100), at(50, 100)]).busy).toBe(150);
  expect(summarised([at(0, 100), at(20, 10)]).busy).toBe(100);
  expect(summarised([at(500, 100), at(0, 100)]).busy).toBe(200);
});

it("names the most frequent, and counts the rest", () => {
  const verbs: [string, number][] = [
    ["Read", 7],
    ["Search", 3],
    ["List", 2],
    ["Find", 2],
    ["fetch", 1],
    ["ask", 1],
  ];
  expect(verbWords(verbs)).toBe("7 × Read, 3 × Search, 2 × List, 2 × Find, 2 others");
  expect(verbWords([["Read", 1]])).toBe("1 × Read");
});
