// How a chat goes on as another one: the mirror of the server's `fork.rs`.
import type { Call, ChatEvent, ChatView, Micros, ToolCall, ToolState, TurnEnd } from "../wire/index.ts";
import {
  currentCall,
  ended,
  interrupted,
  NO_USAGE,
  next,
  pushCall,
  turnStarted,
  unarchived,
} from "./chat.ts";
import * as context from "./context.ts";

type Forked = Extract<ChatEvent, { type: "Forked" }>["data"];
type Finished = Extract<ToolState, { kind: "finished" }>;

const UNKNOWN =
  "This conversation was forked while this tool ran. Whether it took effect is not known: look before you repeat it.";
const NOT_RUN =
  "This conversation was forked before this tool answered; its answer is not part of this fork.";

/** The view after a chat was forked: what was open runs elsewhere, what waited is gone. */
export function forked(view: ChatView, fork: Forked, at: Micros): ChatView {
  const { from, at: revision, title, model, run } = fork;
  const about = view.about && { ...view.about, title, model: model ?? view.about.model };
  const origin = { kind: "fork" as const, stream: from, revision };
  const own = unarchived({
    ...view,
    about: about && { ...about, origin, opened_at: at },
    queue: [],
    usage: NO_USAGE,
  });
  const apart = context.forked(own, model != null);
  return run ? goesOn(apart, at) : givesUp(apart, at);
}

function goesOn(view: ChatView, at: Micros): ChatView {
  if (!view.turn) {
    const last = view.messages.at(-1);
    return last?.kind === "user" ? turnStarted(view, view.turns + 1, last.message, at) : view;
  }
  const { shortened: _, ...turn } = view.turn;
  const after = { ...view, turn: { ...turn, usage: NO_USAGE, failures: 0 } };
  const call = currentCall(after);
  if (!call) return after;
  const { kind } = call.state;
  const asked = call.tool_calls ?? [];
  if (kind === "cancelled" || (kind === "finished" && asked.length === 0)) return givesUp(after, at);
  const apart = parted(call, at);
  if (kind === "open") {
    return withLast(after, { ...apart, model: view.about?.model ?? call.model, since: at });
  }
  const done = kind === "failed" || apart.tool_calls?.every((tool) => tool.state.kind === "finished");
  const waiting = withLast(after, apart);
  return done ? pushCall(waiting, next(call.call), at) : waiting;
}

function givesUp(view: ChatView, at: Micros): ChatView {
  if (!view.turn) return view;
  const { turn, usage } = view.turn;
  const outcome = outcomeOf(view);
  const call = currentCall(view);
  return ended(call ? withLast(view, stoppedHere(parted(call, at))) : view, turn, outcome, usage, at);
}

/** How the open turn has ended, if nothing but the event that says so is missing. */
function outcomeOf(view: ChatView): TurnEnd["outcome"] {
  const call = currentCall(view);
  if (call?.state.kind === "finished" && (call.tool_calls ?? []).length === 0) {
    const limit = view.turn?.limit;
    return limit ? { kind: "limited", limit } : { kind: "answered" };
  }
  if (call?.state.kind === "failed" && call.state.retry_at == null) {
    return { kind: "failed", error: call.state.error };
  }
  return null;
}

/** What of a call runs elsewhere is cut off from here. */
function parted(call: Call, at: Micros): Call {
  if (call.state.kind === "open") {
    const { tool_calls: _, ...cut } = interrupted(call);
    return cut;
  }
  const state =
    call.state.kind === "failed" ? { kind: "failed" as const, error: call.state.error } : call.state;
  const apart = { ...call, state };
  return call.tool_calls
    ? { ...apart, tool_calls: call.tool_calls.map((tool) => partedTool(tool, at)) }
    : apart;
}

function partedTool(tool: ToolCall, at: Micros): ToolCall {
  if (tool.state.kind === "finished") return tool;
  if (tool.state.kind === "started" && tool.class === "once") {
    return { ...tool, state: finished("unknown", UNKNOWN) };
  }
  return { ...tool, since: at, state: { kind: "requested" } };
}

function stoppedHere(call: Call): Call {
  const state: Call["state"] = call.state.kind === "open" ? { kind: "cancelled" } : call.state;
  if (!call.tool_calls) return { ...call, state };
  const tool_calls = call.tool_calls.map((tool) =>
    tool.state.kind === "finished" ? tool : { ...tool, state: finished("cancelled", NOT_RUN) },
  );
  return { ...call, state, tool_calls };
}

function finished(outcome: Finished["outcome"], output: string): Finished {
  return { kind: "finished", outcome, output, latency_ms: 0, truncated: false };
}

function withLast(view: ChatView, call: Call): ChatView {
  return { ...view, messages: [...view.messages.slice(0, -1), call] };
}
