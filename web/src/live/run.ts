// The events of a run, folded into its view: the mirror of the server's own fold.
import type { EventFrame, RunEvent, RunStep, RunView } from "../wire/index.ts";
import { NO_USAGE, plus } from "./chat.ts";

/** So many lines of its log a view keeps. */
const LINES = 500;

export const emptyRun: RunView = {
  about: null,
  requested_at: 0,
  status: { kind: "running" },
  phases: [],
  steps: {},
  settled: [],
  advanced: null,
  log: [],
  lines: 0,
  usage: NO_USAGE,
};

/** The view after an event. Never changes what it was given. */
export function foldRun(view: RunView, frame: Pick<EventFrame, "type" | "data" | "at">): RunView {
  // What the server sends as this stream's event is one, or of a type that a newer server writes.
  const event = frame as unknown as RunEvent;
  const at = frame.at;
  switch (event.type) {
    case "RunRequested":
      return { ...view, about: event.data, phases: event.data.phases ?? [], requested_at: at };
    case "PhaseStarted":
      return { ...view, phases: withPhase(view.phases, event.data.title), phase: event.data.title };
    case "LogWritten": {
      const phase = view.phase == null ? {} : { phase: view.phase };
      const line = { at, ...phase, text: event.data.text };
      return { ...view, log: [...view.log.slice(1 - LINES), line], lines: view.lines + 1 };
    }
    case "StepRequested": {
      const { step, ...asked } = event.data;
      const added: RunStep = { ...asked, requested_at: at, usage: NO_USAGE, latency_ms: 0 };
      const phases = asked.phase ? withPhase(view.phases, asked.phase) : view.phases;
      return { ...view, phases, steps: { ...view.steps, [step]: added } };
    }
    case "StepStarted": {
      const { step, attempt, child } = event.data;
      return changed(view, step, (was) => ({
        ...was,
        attempt,
        started_at: was.started_at ?? at,
        child: child ?? null,
      }));
    }
    case "StepSettled": {
      const { step, outcome, usage = NO_USAGE, latency_ms } = event.data;
      if (!view.steps[step]) return view;
      const after = changed(view, step, (was) => ({ ...was, outcome, usage, latency_ms }));
      return { ...after, settled: [...view.settled, step], usage: plus(view.usage, usage) };
    }
    case "StepCancelled":
      return changed(view, event.data.step, (was) => ({ ...was, cancelled: true }));
    case "ScriptAdvanced":
      return { ...view, advanced: event.data.settled };
    case "RunQueued":
      return { ...view, status: { kind: "queued" }, turns: (view.turns ?? 0) + 1 };
    case "RunStarted":
      return { ...view, status: { kind: "running" } };
    case "RunPaused":
      return { ...view, status: { kind: "paused" } };
    case "RunResumed":
      return { ...view, status: { kind: "running" } };
    case "RunFinished":
      return { ...view, status: { kind: "finished", result: event.data.result }, ended_at: at };
    case "RunFailed":
      return { ...view, status: { kind: "failed", error: event.data.error }, ended_at: at };
    case "RunCancelled":
      return { ...view, status: { kind: "cancelled" }, ended_at: at };
    case "RunDiverged": {
      const { step, recorded = null, asked = null } = event.data;
      return { ...view, status: { kind: "diverged", step, recorded, asked }, ended_at: at };
    }
    default:
      return view;
  }
}

const withPhase = (phases: string[], title: string) => (phases.includes(title) ? phases : [...phases, title]);

function changed(view: RunView, step: number, change: (was: RunStep) => RunStep): RunView {
  const was = view.steps[step];
  return was ? { ...view, steps: { ...view.steps, [step]: change(was) } } : view;
}

/** How a step stands. */
export type StepState = "waiting" | "running" | "asks" | "done" | "failed" | "stopped";

export function stateOf(step: RunStep): StepState {
  if (step.outcome) {
    if (step.outcome.kind === "succeeded") return "done";
    return step.outcome.kind === "failed" ? "failed" : "stopped";
  }
  if (step.cancelled) return "stopped";
  if (step.kind === "approve") return "asks";
  return step.started_at || step.kind === "sleep" ? "running" : "waiting";
}
