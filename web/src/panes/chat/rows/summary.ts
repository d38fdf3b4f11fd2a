// Many tool calls in few words: how many of what, how long, and what went wrong.
import { plural } from "../../../parts/format.ts";
import type { Micros, ToolCall } from "../../../wire/index.ts";
import { verbOf } from "./tool-words.ts";

export interface Summary {
  count: number;
  /** What was done and how often, the most frequent first. */
  verbs: [verb: string, times: number][];
  failed: number;
  /** Of these it is not known whether they were done. */
  unknown: number;
  /** How many have no answer yet. */
  open: number;
  /** For how long at least one of them ran, in ms. */
  busy: number;
  /** How long the longest took, in ms. */
  longest: number;
}

export function summarised(tools: readonly ToolCall[]): Summary {
  const verbs = new Map<string, number>();
  const spans: [Micros, Micros][] = [];
  const summary = { count: tools.length, failed: 0, unknown: 0, open: 0, longest: 1 };
  for (const { name, since, state } of tools) {
    const verb = verbOf(name);
    verbs.set(verb, (verbs.get(verb) ?? 0) + 1);
    if (state.kind !== "finished") {
      summary.open += 1;
      continue;
    }
    if (state.outcome === "failed") summary.failed += 1;
    if (state.outcome === "unknown") summary.unknown += 1;
    summary.longest = Math.max(summary.longest, state.latency_ms);
    spans.push([since, since + state.latency_ms * 1_000]);
  }
  return {
    ...summary,
    verbs: [...verbs].sort(([, a], [, b]) => b - a),
    busy: covered(spans) / 1_000,
  };
}

/** How much of the time is covered by at least one span. */
function covered(spans: [Micros, Micros][]): number {
  let sum = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    if (to <= until) continue;
    sum += to - Math.max(from, until);
    until = to;
  }
  return sum;
}

/** 7 × Read, 3 × Search, 2 others */
export function verbWords(verbs: Summary["verbs"], most = 4): string {
  const named = verbs.slice(0, most).map(([verb, times]) => `${times} × ${verb}`);
  const rest = verbs.slice(most).reduce((sum, [, times]) => sum + times, 0);
  return [...named, ...(rest > 0 ? [plural(rest, "other")] : [])].join(", ");
}
