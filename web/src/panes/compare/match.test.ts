import { expect, test } from "vitest";
import { emptyRun } from "../../live/run.ts";
import type { RunStep, RunView } from "../../wire/index.ts";
import { compare, moreOf, onlyOther, sameOf } from "./match.ts";

const usage = { input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

function step(label: string, more: Partial<RunStep> = {}): RunStep {
  const basis = { prompt: "p", options: "o", files: "f", nth: 1 };
  const outcome = { kind: "succeeded" as const, value: "1" };
  return {
    kind: "agent",
    call: label,
    payload: "{}",
    label,
    phase: "Look",
    requested_at: 0,
    usage,
    latency_ms: 1,
    retries: 0,
    basis,
    outcome,
    ...more,
  };
}

const run = (...steps: RunStep[]): RunView => ({
  ...emptyRun,
  phases: ["Look"],
  steps: Object.fromEntries(steps.map((step, index) => [index + 1, step])),
});

test("steps are the same by phase, label and place, and what is not the same is said", () => {
  const one = run(
    step("a"),
    step("b", {
      basis: { prompt: "q", options: "o", files: "f", nth: 1 },
      outcome: { kind: "succeeded", value: "2" },
    }),
    step("new", { phase: "Write" }),
    step("fails", { outcome: { kind: "failed", name: "E", message: "m" } }),
  );
  const other = run(step("a", { latency_ms: 9 }), step("b"), step("gone"), step("fails"));
  const columns = compare(one, other);
  const marks = columns.flatMap(({ title, pairs }) =>
    pairs.map((pair) => [title, pair.label, ...pair.marks]),
  );
  expect(marks).toEqual([
    ["Look", "a"],
    ["Look", "b", "prompt changed", "another answer"],
    ["Look", "fails", "succeeded before, failed now"],
    ["Look", "gone", "only in the other run"],
  ]);
  // A phase that no run announces, and no column names, is none: the steps of one that is begun have it.
  expect(compare({ ...one, phases: ["Look", "Write"] }, other).at(-1)?.pairs[0]?.marks).toEqual([
    "only in this run",
  ]);
  expect(sameOf(columns)).toEqual({ same: 1, all: 4 });
});

test("a step whose label holds an argument goes with the one in its place", () => {
  const one = run(step("read a.md"), step("sum up"), step("read b.md"), step("ask?", { kind: "approve" }));
  const other = run(step("read x.md"), step("sum up"), step("read a.md"), step("more"));
  const [column] = compare(one, other);
  expect(column?.pairs.map((pair) => [pair.label, pair.other?.label ?? null, ...pair.marks])).toEqual([
    ["read a.md", "read a.md"],
    ["sum up", "sum up"],
    ["read b.md", "read x.md", "was “read x.md”"],
    ["ask?", null, "only in this run"],
    ["more", "more", "only in the other run"],
  ]);
});

test("of several with one label the first is compared with the first", () => {
  const vote = (value: string) => step("vote", { outcome: { kind: "succeeded", value } });
  const [column] = compare(run(vote("1"), vote("2")), run(vote("1"), vote("3")));
  expect(column?.pairs.map((pair) => pair.marks)).toEqual([[], ["another answer"]]);
});

test("what a step took more or less is said where both runs have it", () => {
  const took = (output: number, latency_ms: number) => step("a", { usage: { ...usage, output }, latency_ms });
  const [column] = compare(run(took(40, 900), step("b"), step("c")), run(took(100, 200), step("b")));
  expect(column?.pairs.map(moreOf)).toEqual([{ tokens: -60, ms: 700 }, null, null]);
});

test("what both have alike can be left out, with the columns that are empty then", () => {
  const later = (value: string) => step("b", { phase: "Write", outcome: { kind: "succeeded", value } });
  const both = (value: string) => ({ ...run(step("a"), later(value)), phases: ["Look", "Write"] });
  expect(onlyOther(compare(both("1"), both("1")))).toEqual([]);
  const left = onlyOther(compare(both("1"), both("2")));
  expect(left.map(({ title, pairs }) => [title, pairs.length])).toEqual([["Write", 1]]);
});
