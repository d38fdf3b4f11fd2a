import { expect, test } from "vitest";
import type { RunView } from "../wire/index.ts";
import { emptyRun, foldRun, stateOf } from "./run.ts";

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
