// The events of a chat, folded into its view: the mirror of the server's own fold.
import type {
  Body,
  Call,
  ChatEvent,
  ChatView,
  EventFrame,
  Message,
  Micros,
  ToolCall,
  ToolState,
  Turn,
  TurnEnd,
  Usage,
} from "../wire/index.ts";
import * as context from "./context.ts";
import { forked } from "./fork.ts";

export const NO_USAGE: Usage = { input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

export const emptyChat: ChatView = {
  about: null,
  messages: [],
  first: 0,
  queue: [],
  turn: null,
  turns: 0,
  usage: NO_USAGE,
  context: context.NEW_CONTEXT,
};

/** What the fold needs of an event. */
export type Happening = Pick<EventFrame, "type" | "data" | "at">;

/** The view after an event. Never changes what it was given; what an event does not touch stays the same object. */
export function foldChat(view: ChatView, frame: Happening): ChatView {
  // What the server sends as this stream's event is one, or of a type that a newer server writes.
  const event = frame as unknown as ChatEvent;
  const at = frame.at;
  switch (event.type) {
    case "ChatOpened":
      return view.about ? view : { ...view, about: { ...event.data, opened_at: at } };
    case "ChatRenamed":
      return renamed(view, event.data);
    case "TitleFailed":
      return { ...view, usage: plus(view.usage, event.data.usage ?? NO_USAGE) };
    case "ChatConfigured":
      return configured(view, event.data.model);
    case "CompactionRequested":
      return context.requested(view, at);
    case "CompactionStarted":
      return context.compacting(view, event.data);
    case "Compacted": {
      const after = context.compacted(view, event.data);
      return after === view ? view : counted(after, event.data.usage);
    }
    case "CompactionFailed": {
      const after = context.notCompacted(view, event.data.number);
      return after === view ? view : counted(after, event.data.usage ?? NO_USAGE);
    }
    case "ChatArchived":
      return view.about ? { ...view, about: { ...view.about, archived: true } } : view;
    case "ChatUnarchived":
      return unarchived(view);
    case "MessageQueued":
      return { ...view, queue: [...view.queue, { ...event.data, at }] };
    case "MessageUnqueued":
      return { ...view, queue: view.queue.filter((queued) => queued.message !== event.data.message) };
    case "MessagePosted": {
      const { message, text, attachments } = event.data;
      return {
        ...context.posted(push(view, { kind: "user", ...event.data, at }), text, attachments ?? []),
        queue: view.queue.filter((queued) => queued.message !== message),
      };
    }
    case "TurnStarted": {
      if (view.turn) return view;
      const { turn, message } = event.data;
      return turnStarted(view, turn, message, at);
    }
    case "ModelCallStarted": {
      const { call, model, attempt } = event.data;
      return withOpenCall(view, call, (open) => ({ ...interrupted(open), model, attempt }));
    }
    case "ReasoningAppended": {
      const { call, attempt, text } = event.data;
      return withAttempt(view, call, attempt, (open) => ({
        ...open,
        reasoning: append(open.reasoning, text),
      }));
    }
    case "TextAppended": {
      const { call, attempt, text } = event.data;
      return withAttempt(view, call, attempt, (open) => ({ ...open, text: append(open.text, text) }));
    }
    case "ToolCalled": {
      const { call, ...asked } = event.data;
      const tool: ToolCall = { ...asked, since: at, state: { kind: "requested" } };
      const after = withOpenCall(view, call, (open) => ({
        ...open,
        tool_calls: [...(open.tool_calls ?? []), tool],
      }));
      return after === view ? view : repeated(after, tool);
    }
    case "ModelCallFinished":
      return callFinished(view, event.data);
    case "ModelCallFailed": {
      const { call, error, retry_at } = event.data;
      const state = { kind: "failed" as const, error, ...(retry_at == null ? {} : { retry_at }) };
      const after = withOpenCall(view, call, (open) => ({ ...kept(open), state }));
      if (after === view || !after.turn) return after;
      const failed = { ...after, turn: { ...after.turn, failures: after.turn.failures + 1 } };
      return error.code === TOO_LONG && retry_at != null ? context.tooLong(failed, at) : failed;
    }
    case "WaitElapsed": {
      const call = currentCall(view);
      const waits =
        call?.call === event.data.call && call.state.kind === "failed" && call.state.retry_at != null;
      return waits ? pushCall(view, next(call.call), at) : view;
    }
    case "ToolStarted": {
      const { tool_call, attempt } = event.data;
      return withTool(view, tool_call, { kind: "started", attempt, at });
    }
    case "ToolFinished": {
      const { tool_call, ...finished } = event.data;
      return toolFinished(view, tool_call, { kind: "finished", ...finished }, at);
    }
    case "LimitReached": {
      const { turn, limit } = event.data;
      if (view.turn?.turn !== turn) return view;
      const after = { ...view, turn: { ...view.turn, limit } };
      return withCurrentCall(after, (call) => (call.attempt === null ? { ...call, closing: true } : call));
    }
    case "TurnFinished": {
      const { turn, outcome, usage } = event.data;
      return ended(view, turn, outcome, usage, at);
    }
    case "TurnCancelled": {
      const { turn, usage } = event.data;
      const after = withCurrentCall(view, (call) =>
        call.call.startsWith(`${turn}.`) ? stopped(call) : call,
      );
      return ended(after, turn, null, usage, at);
    }
    case "Forked":
      return forked(view, event.data, at);
    default:
      return view; // A type that a newer server writes: it changes nothing that this page shows.
  }
}

/** The older messages put before those of the view; the view as it was if they do not join on. */
export function withOlder(view: ChatView, messages: Message[], first: number): ChatView {
  const missing = view.first - first;
  if (missing <= 0 || messages.length < missing) return view;
  return { ...view, first, messages: [...messages.slice(0, missing), ...view.messages] };
}

/** A fresh view, with the older messages that were read before it, where they join on. */
export function joined(known: ChatView, fresh: ChatView): ChatView {
  const joins = known.first < fresh.first && fresh.first <= known.first + known.messages.length;
  return joins ? withOlder(fresh, known.messages.slice(0, fresh.first - known.first), known.first) : fresh;
}

/** The last call of the open turn: it is open, waits for another try, or waits for its tools. */
export function currentCall(view: ChatView): Call | null {
  const last = view.messages.at(-1);
  return view.turn && last?.kind === "call" ? last : null;
}

/** The code of a provider's error that says that a conversation is too long. */
const TOO_LONG = "context_too_long";

/** Tokens that count for the chat, and for the turn that is open. */
function counted(view: ChatView, usage: Usage): ChatView {
  const turn = view.turn && { ...view.turn, usage: plus(view.turn.usage, usage) };
  return { ...view, turn, usage: plus(view.usage, usage) };
}

function configured(view: ChatView, model: string): ChatView {
  if (!view.about) return view;
  const after = context.configured({ ...view, about: { ...view.about, model } });
  // A call that has not been begun asks the new model.
  return withCurrentCall(after, (call) =>
    call.state.kind === "open" && call.attempt === null ? { ...call, model } : call,
  );
}

type Renamed = Extract<ChatEvent, { type: "ChatRenamed" }>["data"];

function renamed(view: ChatView, { title, by_model }: Renamed): ChatView {
  if (!view.about) return view;
  return { ...view, about: { ...view.about, title }, usage: plus(view.usage, by_model?.usage ?? NO_USAGE) };
}

export function unarchived(view: ChatView): ChatView {
  if (!view.about) return view;
  const { archived: _, ...about } = view.about;
  return { ...view, about };
}

function push(view: ChatView, message: Message): ChatView {
  return { ...view, messages: [...view.messages, message] };
}

export function turnStarted(view: ChatView, turn: number, message: string, at: Micros): ChatView {
  const open: Turn = { turn, message, started_at: at, usage: NO_USAGE, failures: 0, mistakes: 0 };
  return pushCall({ ...view, turn: open, turns: turn }, `${turn}.1`, at);
}

export function pushCall(view: ChatView, call: string, at: Micros): ChatView {
  const opened: Call = {
    kind: "call",
    call,
    model: view.about?.model ?? "",
    state: { kind: "open" },
    attempt: null,
    since: at,
    reasoning: "",
    text: "",
    usage: NO_USAGE,
    latency_ms: 0,
  };
  return context.beforeCall(push(view, view.turn?.limit ? { ...opened, closing: true } : opened), at);
}

/** Puts what an attempt that was cut off had written aside. */
export function interrupted(call: Call): Call {
  const { attempt, reasoning, text } = kept(call);
  const anew: Call = { ...call, reasoning: "", text: "" };
  if (attempt === null || (isEmpty(text) && isEmpty(reasoning))) return anew;
  return { ...anew, interrupted: [...(call.interrupted ?? []), { attempt, reasoning, text }] };
}

/** The longest text, in bytes of UTF-8, that stands in a view as it is once nothing is added to it any more. */
const INLINE = 16 * 1024;
/** How much of a longer one does. */
const HEAD = 2 * 1024;

/** Nothing is added to the texts of a call any more: long ones stand in the events that brought them. */
function kept(call: Call): Call {
  const { attempt } = call;
  if (attempt == null) return call;
  const keep = (body: Body, part: "text" | "reasoning"): Body => {
    // No character has more than three bytes for each of its units here.
    if (typeof body !== "string" || body.length * 3 <= INLINE) return body;
    const bytes = new TextEncoder().encode(body);
    if (bytes.length <= INLINE) return body;
    let end = HEAD;
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    const head = new TextDecoder().decode(bytes.subarray(0, end));
    return { call: call.call, attempt, part, bytes: bytes.length, head };
  };
  return { ...call, text: keep(call.text, "text"), reasoning: keep(call.reasoning, "reasoning") };
}

type Finished = Extract<ChatEvent, { type: "ModelCallFinished" }>["data"];

function callFinished(
  view: ChatView,
  { call, attempt, stop, usage, latency_ms, window, ...long }: Finished,
): ChatView {
  const after = withAttempt(view, call, attempt, (open) => ({
    ...kept({ ...open, text: long.text ?? open.text, reasoning: long.reasoning ?? open.reasoning }),
    state: { kind: "finished", stop },
    usage,
    latency_ms,
  }));
  if (after === view) return view;
  const turn = after.turn && { ...after.turn, usage: plus(after.turn.usage, usage), failures: 0 };
  return context.used({ ...after, turn, usage: plus(after.usage, usage) }, usage, window);
}

type ToolFinished = Extract<ToolState, { kind: "finished" }>;

function toolFinished(view: ChatView, id: string, state: ToolFinished, at: Micros): ChatView {
  const after = withTool(view, id, state);
  if (after === view || !after.turn) return view;
  const mistakes = state.outcome === "failed" ? after.turn.mistakes + 1 : 0;
  const told = context.added({ ...after, turn: { ...after.turn, mistakes } }, context.bytesOf(state.output));
  const call = currentCall(told);
  const done = call?.tool_calls?.every((tool) => tool.state.kind === "finished");
  return call && done ? pushCall(told, next(call.call), at) : told;
}

/** What the model is told of a tool that was stopped. */
const STOPPED = "The user stopped the turn before this tool answered.";

function stopped(call: Call): Call {
  const cancelled: ToolFinished = {
    kind: "finished",
    outcome: "cancelled",
    output: STOPPED,
    latency_ms: 0,
    truncated: false,
  };
  const after = { ...kept(call), state: stoppedState(call.state) };
  if (!call.tool_calls) return after;
  const tool_calls = call.tool_calls.map((tool) =>
    tool.state.kind === "finished" ? tool : { ...tool, state: cancelled },
  );
  return { ...after, tool_calls };
}

function stoppedState(state: Call["state"]): Call["state"] {
  switch (state.kind) {
    case "open":
      return { kind: "cancelled" };
    case "failed":
      return { kind: "failed", error: state.error };
    case "finished":
    case "cancelled":
      return state;
  }
}

/** A row of the same call so long stays noted. */
const DOOM = 3;

function repeated(view: ChatView, { name, arguments: given }: ToolCall): ChatView {
  const last = view.turn?.repeated;
  if (!view.turn || (last && last.times >= DOOM)) return view;
  const same = last?.name === name && JSON.stringify(last.arguments) === JSON.stringify(given);
  const times = last && same ? last.times + 1 : 1;
  return { ...view, turn: { ...view.turn, repeated: { name, arguments: given, times } } };
}

export function ended(
  view: ChatView,
  turn: number,
  outcome: TurnEnd["outcome"],
  usage: Usage,
  at: Micros,
): ChatView {
  if (view.turn?.turn !== turn) return view;
  const { started_at } = view.turn;
  const end: TurnEnd = { kind: "end", turn, outcome, usage, started_at, ended_at: at };
  return context.turnEnded({ ...push(view, end), turn: null }, at);
}

function withCurrentCall(view: ChatView, change: (call: Call) => Call): ChatView {
  const call = currentCall(view);
  if (!call) return view;
  const changed = change(call);
  return changed === call ? view : { ...view, messages: [...view.messages.slice(0, -1), changed] };
}

function withOpenCall(view: ChatView, id: string, change: (call: Call) => Call): ChatView {
  return withCurrentCall(view, (call) =>
    call.call === id && call.state.kind === "open" ? change(call) : call,
  );
}

function withAttempt(view: ChatView, id: string, attempt: number, change: (call: Call) => Call): ChatView {
  return withOpenCall(view, id, (call) => (call.attempt === attempt ? change(call) : call));
}

function withTool(view: ChatView, id: string, state: ToolState): ChatView {
  return withCurrentCall(view, (call) => {
    const tool = call.tool_calls?.find((it) => it.tool_call === id);
    if (call.state.kind !== "finished" || !tool || tool.state.kind === "finished") return call;
    const tool_calls = call.tool_calls?.map((it) => (it === tool ? { ...it, state } : it)) ?? [];
    return { ...call, tool_calls };
  });
}

export function next(call: string): string {
  const [turn = "0", ordinal = "0"] = call.split(".");
  return `${turn}.${Number(ordinal) + 1}`;
}

function append(body: Body, piece: string): Body {
  return typeof body === "string" ? body + piece : { ...body, bytes: body.bytes + piece.length };
}

function isEmpty(body: Body): boolean {
  return typeof body === "string" ? body === "" : body.bytes === 0;
}

export function plus(a: Usage, b: Usage): Usage {
  const sum: Usage = {
    input: a.input + b.input,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
  };
  return a.estimated || b.estimated ? { ...sum, estimated: true } : sum;
}
