// Two runs of a workflow beside each other: which steps are the same, and what is not.
import type { RunStep, RunView, Usage } from "../../wire/index.ts";

/** A step as it was in each of the runs. */
export interface Pair {
  key: string;
  phase: string;
  label: string;
  one: RunStep | null;
  other: RunStep | null;
  /** What is not the same, in words; empty where all is. */
  marks: string[];
}

/** What the later run took more than the other, or less. */
export interface More {
  tokens: number;
  ms: number;
}

export interface Column {
  title: string;
  pairs: Pair[];
}

/** The steps of both by phase, in the order of the first run; what only the other has stands behind. Timers are left out. */
export function compare(one: RunView, other: RunView): Column[] {
  const [first, second] = [named(one), named(other)];
  const renamed = likely(first, second);
  const taken = new Set(renamed.values());
  const keys = [...first.keys(), ...[...second.keys()].filter((key) => !first.has(key) && !taken.has(key))];
  const pairs = keys.map((key): Pair => {
    const [a, b] = [first.get(key) ?? null, second.get(renamed.get(key) ?? key) ?? null];
    const { phase, label } = (a ?? b) as RunStep;
    return { key, phase: phase ?? "", label, one: a, other: b, marks: marksOf(a, b) };
  });
  const titles = [...new Set(["", ...one.phases, ...other.phases])];
  return titles
    .map((title) => ({ title, pairs: pairs.filter((pair) => pair.phase === title) }))
    .filter((column) => column.pairs.length > 0);
}

/** How many steps are the same, and how many there are. */
export function sameOf(columns: readonly Column[]): { same: number; all: number } {
  const pairs = columns.flatMap((column) => column.pairs);
  return { same: pairs.filter((pair) => pair.marks.length === 0).length, all: pairs.length };
}

/** The same columns without what both have alike. */
export function onlyOther(columns: readonly Column[]): Column[] {
  return columns
    .map((column) => ({ ...column, pairs: column.pairs.filter((pair) => pair.marks.length > 0) }))
    .filter((column) => column.pairs.length > 0);
}

/** How much more a step took; null where only one run has it, or nothing was spent in either. */
export function moreOf({ one, other }: Pair): More | null {
  if (!one || !other) return null;
  const tokens = tokensOf(one.usage) - tokensOf(other.usage);
  const ms = one.latency_ms - other.latency_ms;
  return tokens === 0 && ms === 0 ? null : { tokens, ms };
}

export const tokensOf = (usage: Usage): number => usage.input + usage.output;

/** By phase, label, and which it is among those of the same. */
function named(view: RunView): Map<string, RunStep> {
  const counts = new Map<string, number>();
  const steps = new Map<string, RunStep>();
  for (const step of Object.values(view.steps)) {
    if (step.kind === "sleep") continue;
    const name = `${step.phase ?? ""}\n${step.label}`;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    steps.set(`${name}\n${nth}`, step);
  }
  return steps;
}

/** Steps that have their like under another label, as where an argument stands in it: of those that are left, the first of a phase
    and kind goes with the first. From the key of one to that of the other. */
function likely(first: Map<string, RunStep>, second: Map<string, RunStep>): Map<string, string> {
  const left = new Map<string, string[]>();
  const place = (step: RunStep) => `${step.phase ?? ""}\n${step.kind}`;
  for (const [key, step] of second) {
    if (!first.has(key)) left.set(place(step), [...(left.get(place(step)) ?? []), key]);
  }
  const found = new Map<string, string>();
  for (const [key, step] of first) {
    const like = second.has(key) ? undefined : left.get(place(step))?.shift();
    if (like !== undefined) found.set(key, like);
  }
  return found;
}

function marksOf(one: RunStep | null, other: RunStep | null): string[] {
  if (!other) return ["only in this run"];
  if (!one) return ["only in the other run"];
  const marks: string[] = [];
  if (one.label !== other.label) marks.push(`was “${other.label}”`);
  if (one.basis && other.basis) {
    if (one.basis.prompt !== other.basis.prompt) marks.push("prompt changed");
    if (one.basis.options !== other.basis.options) marks.push("options changed");
    if (one.basis.files !== other.basis.files) marks.push("files changed");
  } else if (one.call !== other.call) marks.push("asked otherwise");
  const [kind, was] = [one.outcome?.kind ?? "open", other.outcome?.kind ?? "open"];
  if (kind !== was) marks.push(`${was} before, ${kind} now`);
  else if (answer(one) !== answer(other)) marks.push("another answer");
  return marks;
}

const answer = (step: RunStep) => JSON.stringify(step.outcome ?? null);
