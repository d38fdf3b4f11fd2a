import { expect, test } from "vitest";
import type { RunView } from "../wire/index.ts";
import { columnsOf, emptyRun, foldRun, linesOf, neighbour, progressOf, reasonWords, stateOf } from "./run.ts";

const ABOUT = {
  run: "r",
  session: "s",
  project: "p",
  workflow: "w",
  description: "d",
  script: "{}",
  engine: "e",
  model: "offline",
  seed: 1,
  phases: ["Look"],
};

type Data = Record<string, unknown>;

function run(...events: [string, Data][]): RunView {
  return events.reduce((view, [type, data], at) => foldRun(view, { type, data, at }), emptyRun);
}

const asked = { step: 1, kind: "agent", call: "h", payload: "{}", label: "one", phase: "Read" };
const usage = { input: 3, output: 2, reasoning: 0, cache_read: 0, cache_write: 0 };

test("steps come, begin and end, and their tokens count", () => {
  const view = run(
    ["RunRequested", ABOUT],
    ["PhaseStarted", { title: "Read" }],
    ["LogWritten", { text: "hm" }],
    ["StepRequested", asked],
    ["StepStarted", { step: 1, attempt: 1, child: "chat/x" }],
    ["StepSettled", { step: 1, outcome: { kind: "succeeded", value: "1" }, usage, latency_ms: 5 }],
    ["RunFinished", { result: "2" }],
  );
  expect(view.phases).toEqual(["Look", "Read"]);
  expect(view.log).toEqual([{ at: 2, phase: "Read", text: "hm" }]);
  expect(view.usage.output).toBe(2);
  expect(view.steps[1]).toMatchObject({ child: "chat/x", started_at: 4, latency_ms: 5 });
  expect([view.status, view.ended_at]).toEqual([{ kind: "finished", result: "2" }, 6]);
});

test("how a step stands is told by what happened to it", () => {
  const base: [string, Data][] = [["RunRequested", ABOUT]];
  const after = (...events: [string, Data][]) => {
    const step = run(...base, ...events).steps[1];
    return step && stateOf(step);
  };
  expect(after(["StepRequested", asked])).toBe("waiting");
  expect(after(["StepRequested", { ...asked, kind: "approve" }])).toBe("asks");
  expect(after(["StepRequested", asked], ["StepStarted", { step: 1, attempt: 1 }])).toBe("running");
  expect(after(["StepRequested", asked], ["StepCancelled", { step: 1 }])).toBe("stopped");
  const failed = { step: 1, outcome: { kind: "failed", name: "E", message: "m" }, usage, latency_ms: 1 };
  expect(after(["StepRequested", asked], ["StepSettled", failed])).toBe("failed");
});

test("a step that failed waits for its next try, and what all of its tries took counts", () => {
  const failed = { step: 1, name: "TimedOut", message: "slow", usage, latency_ms: 5, wait_ms: 1_000 };
  const waits = run(
    ["RunRequested", ABOUT],
    ["StepRequested", { ...asked, retries: 1 }],
    ["StepStarted", { step: 1, attempt: 1, child: "chat/x" }],
    ["StepTryFailed", failed],
  );
  const step = waits.steps[1];
  expect(step).toMatchObject({ retries: 0, retry_at: 1_000_003, child: null });
  expect(step?.tries).toEqual([{ name: "TimedOut", message: "slow", child: "chat/x" }]);
  expect(step && stateOf(step)).toBe("waiting");
  const ended = foldRun(foldRun(waits, { type: "StepRetried", data: { step: 1 }, at: 4 }), {
    type: "StepSettled",
    data: { step: 1, outcome: { kind: "succeeded", value: "1" }, usage, latency_ms: 5 },
    at: 5,
  });
  expect(ended.steps[1]).toMatchObject({ latency_ms: 10, usage: { output: 4 } });
  expect(ended.usage.output).toBe(4);
});

test("a step that was answered before is told apart and counted", () => {
  const view = run(
    ["RunRequested", ABOUT],
    ["StepRequested", { ...asked, reason: "hit" }],
    [
      "StepSettled",
      {
        step: 1,
        outcome: { kind: "succeeded", value: "1" },
        latency_ms: 0,
        cached_from: { stream: "run/a", revision: 4 },
      },
    ],
    ["StepRequested", { ...asked, step: 2, reason: "new" }],
  );
  const [first, second] = [view.steps[1], view.steps[2]];
  expect(first && stateOf(first)).toBe("cached");
  expect(progressOf(view)).toEqual({ steps: 2, done: 1, cached: 1, questions: 0 });
  expect(first && reasonWords(first)).toMatch(/answered before/);
  expect(second && reasonWords(second)).toMatch(/No earlier run/);
});

test("arrow keys go from card to card", () => {
  const view = run(
    ["RunRequested", ABOUT],
    ["StepRequested", asked],
    ["StepRequested", { ...asked, step: 2 }],
    ["StepRequested", { ...asked, step: 3, phase: "Write" }],
  );
  const columns = columnsOf(view);
  expect(columns.map((column) => column.steps.map(([number]) => number))).toEqual([[], [1, 2], [3]]);
  const go = (from: number, key: string) => neighbour(columns, from, key);
  expect([go(1, "ArrowDown"), go(2, "ArrowDown"), go(2, "ArrowUp")]).toEqual([2, 2, 1]);
  expect([go(2, "ArrowRight"), go(3, "ArrowLeft"), go(1, "ArrowLeft"), go(99, "ArrowDown")]).toEqual([
    3, 1, 1, 1,
  ]);
});

const after = (step: number, before: number[], more: Data = {}): [string, Data] => [
  "StepRequested",
  { step, kind: "agent", call: "h", payload: "{}", label: `${step}`, after: before, ...more },
];

test("without phases the steps of a graph stand to the right of what they come after", () => {
  const view = run(
    ["RunRequested", { ...ABOUT, phases: [] }],
    after(1, []),
    after(2, []),
    after(3, [1, 2]),
    after(4, [1]),
    after(5, [3]),
  );
  const numbers = columnsOf(view).map((column) => column.steps.map(([number]) => number));
  expect(numbers).toEqual([[1, 2], [3, 4], [5]]);
  expect(linesOf(view)).toEqual([
    [1, 3],
    [2, 3],
    [1, 4],
    [3, 5],
  ]);
  // Phases are what the script says itself.
  const named = run(
    ["RunRequested", { ...ABOUT, phases: [] }],
    after(1, [], { phase: "A" }),
    after(2, [1], { phase: "B" }),
  );
  expect(columnsOf(named).map((column) => column.title)).toEqual(["A", "B"]);
});

test("a timer between two steps is looked through, and what is not there has no line", () => {
  const view = run(
    ["RunRequested", ABOUT],
    after(1, []),
    after(2, [1], { kind: "sleep" }),
    after(3, [2, 1]),
    after(4, [9]),
  );
  expect(linesOf(view)).toEqual([[1, 3]]);
});

test("the time that a run has worked counts up", () => {
  const view = run(["RunRequested", ABOUT], ["RunWorked", { ms: 10_000 }], ["RunWorked", { ms: 500 }]);
  expect(view.worked_ms).toBe(10_500);
});
