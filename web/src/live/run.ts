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
      const { retries = 0 } = asked;
      const added: RunStep = { ...asked, retries, requested_at: at, usage: NO_USAGE, latency_ms: 0 };
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
    case "StepTryFailed": {
      const { step, name, message, usage = NO_USAGE, latency_ms, wait_ms } = event.data;
      const after = changed(view, step, (was) => ({
        ...was,
        tries: [...(was.tries ?? []), { name, message, ...(was.child ? { child: was.child } : {}) }],
        retries: Math.max(0, was.retries - 1),
        attempt: null,
        child: null,
        retry_at: at + wait_ms * 1_000,
        usage: plus(was.usage, usage),
        latency_ms: was.latency_ms + latency_ms,
      }));
      return { ...after, usage: plus(view.usage, usage) };
    }
    case "StepRetried":
      return changed(view, event.data.step, (was) => ({ ...was, retry_at: null }));
    case "StepSettled": {
      const { step, outcome, usage = NO_USAGE, latency_ms, cached_from = null, worktree = null } = event.data;
      if (!view.steps[step]) return view;
      const after = changed(view, step, (was) => ({
        ...was,
        outcome,
        usage: plus(was.usage, usage),
        latency_ms: was.latency_ms + latency_ms,
        retry_at: null,
        cached_from,
        worktree,
      }));
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
      return { ...view, status: { kind: "paused" }, difference: event.data.difference ?? null };
    case "RunResumed":
      return { ...view, status: { kind: "running" }, difference: null };
    case "RunWorked":
      return { ...view, worked_ms: (view.worked_ms ?? 0) + event.data.ms };
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
export type StepState = "waiting" | "running" | "asks" | "done" | "cached" | "failed" | "stopped";

export function stateOf(step: RunStep): StepState {
  if (step.outcome) {
    if (step.outcome.kind === "succeeded") return step.cached_from ? "cached" : "done";
    return step.outcome.kind === "failed" ? "failed" : "stopped";
  }
  if (step.cancelled) return "stopped";
  if (step.kind === "approve") return "asks";
  if (step.retry_at) return "waiting";
  return step.started_at || step.kind === "sleep" ? "running" : "waiting";
}

/** A part of the progress, with its steps in the order in which they were asked for. Timers are no steps to look at. */
export interface Column {
  title: string;
  steps: [number, RunStep][];
}

/** The steps of a run by phase, from left to right; those without a phase come first. Where there is no phase, but a graph, each
    stands to the right of what it comes after. */
export function columnsOf(view: RunView): Column[] {
  const steps = Object.entries(view.steps)
    .map(([number, step]): [number, RunStep] => [Number(number), step])
    .filter(([, step]) => step.kind !== "sleep");
  const without = steps.filter(([, step]) => !step.phase);
  if (view.phases.length === 0 && without.some(([, step]) => step.after?.length)) return byDepth(without);
  return [
    ...(without.length > 0 ? [{ title: "", steps: without }] : []),
    ...view.phases.map((title) => ({ title, steps: steps.filter(([, step]) => step.phase === title) })),
  ];
}

function byDepth(steps: [number, RunStep][]): Column[] {
  const depths = new Map<number, number>();
  const columns: Column[] = [];
  for (const [number, step] of steps) {
    const depth = Math.max(0, ...(step.after ?? []).map((before) => (depths.get(before) ?? -1) + 1));
    depths.set(number, depth);
    while (columns.length <= depth) columns.push({ title: "", steps: [] });
    columns[depth]?.steps.push([number, step]);
  }
  return columns;
}

/** Which step comes after which, of those that are shown. A timer in between is looked through. */
export function linesOf(view: RunView): [number, number][] {
  const shown = (number: number, seen: Set<number>): number[] => {
    const step = view.steps[number];
    if (!step || seen.has(number)) return [];
    seen.add(number);
    return step.kind === "sleep" ? (step.after ?? []).flatMap((before) => shown(before, seen)) : [number];
  };
  return Object.entries(view.steps)
    .filter(([, step]) => step.kind !== "sleep" && step.after?.length)
    .flatMap(([number, step]) => {
      const seen = new Set<number>();
      const from = (step.after ?? []).flatMap((before) => shown(before, seen));
      return from.map((before): [number, number] => [before, Number(number)]);
    });
}

/** How far a run is. */
export interface Progress {
  steps: number;
  done: number;
  cached: number;
  questions: number;
}

export function progressOf(view: RunView): Progress {
  const steps = Object.values(view.steps).filter((step) => step.kind !== "sleep");
  const are = (state: StepState) => steps.filter((step) => stateOf(step) === state).length;
  const done = steps.filter((step) => step.outcome).length;
  return { steps: steps.length, done, cached: are("cached"), questions: are("asks") };
}

/** The card that an arrow key leads to from another one; the same where there is none in that direction. */
export function neighbour(columns: readonly Column[], from: number, key: string): number {
  const filled = columns.filter((column) => column.steps.length > 0);
  const x = filled.findIndex((column) => column.steps.some(([number]) => number === from));
  const column = filled[x];
  if (!column) return filled[0]?.steps[0]?.[0] ?? from;
  const y = column.steps.findIndex(([number]) => number === from);
  const at = (x: number, y: number) => {
    const steps = filled[x]?.steps;
    return steps?.[Math.min(y, steps.length - 1)]?.[0] ?? from;
  };
  switch (key) {
    case "ArrowDown":
      return column.steps[y + 1]?.[0] ?? from;
    case "ArrowUp":
      return column.steps[y - 1]?.[0] ?? from;
    case "ArrowRight":
      return at(x + 1, y);
    case "ArrowLeft":
      return at(x - 1, y);
    default:
      return from;
  }
}

/** Why a step was done, or was not, in a sentence. */
export function reasonWords(step: RunStep): string | null {
  switch (step.reason) {
    case "hit":
      return "It was answered before: that answer was taken, and nobody was asked.";
    case "new":
      return "No earlier run has a step like it.";
    case "prompt_changed":
      return "Its prompt is not what it was in the last run.";
    case "options_changed":
      return "Its model, schema, agent or another option is not what it was in the last run.";
    case "project_changed":
      return "The files of the project are not what they were in the last run.";
    case "after_a_miss":
      return "Something before it was answered otherwise than in the run that this one goes on from.";
    case "earlier_failed":
      return "Its like failed or was stopped in the earlier run.";
    case "retried":
      return "Somebody asked for it to be done again.";
    case "forgotten":
      return "It was answered before, but that answer was forgotten.";
    case "no_git":
      return "The project has no git, so nothing tells whether its files are what they were.";
    case "cache_off":
      return "The script or the run says that it is to be asked again.";
    default:
      return null;
  }
}
