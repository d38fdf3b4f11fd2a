// The events of a chat, folded into its view: the mirror of the server's rules for what the page shows.
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
  Usage,
} from "../wire/index.ts";

export const NO_USAGE: Usage = { input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

export const emptyChat: ChatView = {
  about: null,
  messages: [],
  first: 0,
  queue: [],
  turn: null,
  turns: 0,
  usage: NO_USAGE,
};

/** The view after an event. Never changes what it was given; what an event does not touch stays the same object. */
export function foldChat(view: ChatView, frame: Pick<EventFrame, "type" | "data" | "at">): ChatView {
  const event = frame as ChatEvent;
  const at = frame.at;
  switch (event.type) {
    case "ChatOpened":
      return { ...view, about: { ...event.data, opened_at: at } };
    case "ChatRenamed":
      return view.about ? { ...view, about: { ...view.about, title: event.data.title } } : view;
    case "ChatConfigured":
      return configured(view, event.data.model);
    case "MessageQueued":
      return { ...view, queue: [...view.queue, { ...event.data, at }] };
    case "MessageUnqueued":
      return { ...view, queue: view.queue.filter((queued) => queued.message !== event.data.message) };
    case "MessagePosted":
      return {
        ...push(view, { kind: "user", ...event.data, at }),
        queue: view.queue.filter((queued) => queued.message !== event.data.message),
      };
    case "TurnStarted": {
      const { turn, message } = event.data;
      const open: Turn = { turn, message, started_at: at, usage: NO_USAGE, failures: 0, mistakes: 0 };
      return openCall({ ...view, turn: open, turns: turn }, `${turn}.1`, at);
    }
    case "ModelCallStarted": {
      const { call, model, attempt } = event.data;
      return withCall(view, call, (was) => restarted({ ...was, model }, attempt));
    }
    case "ReasoningAppended":
      return withCall(view, event.data.call, (was) => ({
        ...was,
        reasoning: append(was.reasoning, event.data.text),
      }));
    case "TextAppended":
      return withCall(view, event.data.call, (was) => ({ ...was, text: append(was.text, event.data.text) }));
    case "ToolCalled": {
      const { call, ...asked } = event.data;
      const tool: ToolCall = { ...asked, since: at, state: { kind: "requested" } };
      return withCall(view, call, (was) => ({ ...was, tool_calls: [...(was.tool_calls ?? []), tool] }));
    }
    case "ModelCallFinished": {
      const { call, stop, usage, latency_ms, text, reasoning } = event.data;
      const after = withCall(view, call, (was) => ({
        ...was,
        state: { kind: "finished", stop },
        usage,
        latency_ms,
        text: text ?? was.text,
        reasoning: reasoning ?? was.reasoning,
      }));
      const turn = after.turn && { ...after.turn, usage: plus(after.turn.usage, usage), failures: 0 };
      return { ...after, turn, usage: plus(after.usage, usage) };
    }
    case "ModelCallFailed": {
      const { call, error, retry_at } = event.data;
      const after = withCall(view, call, (was) => ({
        ...was,
        state: retry_at == null ? { kind: "failed", error } : { kind: "failed", error, retry_at },
      }));
      const turn = after.turn && { ...after.turn, failures: after.turn.failures + 1 };
      return { ...after, turn };
    }
    case "WaitElapsed":
      return openCall(view, next(event.data.call), at);
    case "ToolStarted": {
      const { tool_call, attempt } = event.data;
      return withTool(view, tool_call, { kind: "started", attempt, at });
    }
    case "ToolFinished": {
      const { tool_call, ...finished } = event.data;
      return toolFinished(view, tool_call, { kind: "finished", ...finished }, at);
    }
    case "LimitReached":
      return view.turn ? { ...view, turn: { ...view.turn, limit: event.data.limit } } : view;
    case "TurnFinished": {
      const { turn, outcome, usage } = event.data;
      return ended(view, {
        kind: "end",
        turn,
        outcome,
        usage,
        started_at: startedAt(view, at),
        ended_at: at,
      });
    }
    case "TurnCancelled": {
      const { turn, usage } = event.data;
      const after = withLastCall(view, cancelled);
      return ended(after, {
        kind: "end",
        turn,
        outcome: null,
        usage,
        started_at: startedAt(view, at),
        ended_at: at,
      });
    }
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

function configured(view: ChatView, model: string): ChatView {
  if (!view.about) return view;
  const after = { ...view, about: { ...view.about, model } };
  // A call that has not been begun asks the new model.
  return withLastCall(after, (call) =>
    call.state.kind === "open" && call.attempt === null ? { ...call, model } : call,
  );
}

function push(view: ChatView, message: Message): ChatView {
  return { ...view, messages: [...view.messages, message] };
}

function openCall(view: ChatView, call: string, at: Micros): ChatView {
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
  return push(view, view.turn?.limit ? { ...opened, closing: true } : opened);
}

function restarted(call: Call, attempt: number): Call {
  const begun: Call = { ...call, attempt };
  if (attempt <= 1 || (isEmpty(call.text) && isEmpty(call.reasoning))) return begun;
  const cut = { attempt: call.attempt ?? attempt - 1, reasoning: call.reasoning, text: call.text };
  return { ...begun, text: "", reasoning: "", interrupted: [...(call.interrupted ?? []), cut] };
}

function toolFinished(
  view: ChatView,
  id: string,
  state: Extract<ToolState, { kind: "finished" }>,
  at: Micros,
): ChatView {
  const after = withTool(view, id, state);
  const call = currentCall(after);
  if (!call?.tool_calls?.some((tool) => tool.tool_call === id)) return after;
  const mistakes = state.outcome === "succeeded" ? 0 : (after.turn?.mistakes ?? 0) + 1;
  const counted = { ...after, turn: after.turn && { ...after.turn, mistakes } };
  return call.tool_calls.every((tool) => tool.state.kind === "finished")
    ? openCall(counted, next(call.call), at)
    : counted;
}

function cancelled(call: Call): Call {
  const state: Call["state"] = call.state.kind === "finished" ? call.state : { kind: "cancelled" };
  if (!call.tool_calls) return { ...call, state };
  const tool_calls = call.tool_calls.map((tool) =>
    tool.state.kind === "finished"
      ? tool
      : {
          ...tool,
          state: {
            kind: "finished" as const,
            outcome: "cancelled" as const,
            output: "",
            latency_ms: 0,
            truncated: false,
          },
        },
  );
  return { ...call, state, tool_calls };
}

function ended(view: ChatView, end: Message): ChatView {
  return { ...push(view, end), turn: null };
}

function startedAt(view: ChatView, otherwise: Micros): Micros {
  return view.turn?.started_at ?? otherwise;
}

function withCall(view: ChatView, id: string, change: (call: Call) => Call): ChatView {
  const index = view.messages.findLastIndex((message) => message.kind === "call" && message.call === id);
  return changedAt(view, index, change);
}

function withLastCall(view: ChatView, change: (call: Call) => Call): ChatView {
  return currentCall(view) ? changedAt(view, view.messages.length - 1, change) : view;
}

function changedAt(view: ChatView, index: number, change: (call: Call) => Call): ChatView {
  const was = view.messages[index];
  if (was?.kind !== "call") return view;
  const messages = view.messages.slice();
  messages[index] = change(was);
  return { ...view, messages };
}

function withTool(view: ChatView, id: string, state: ToolState): ChatView {
  const call = id.slice(0, id.lastIndexOf("."));
  return withCall(view, call, (was) => ({
    ...was,
    tool_calls: (was.tool_calls ?? []).map((tool) => (tool.tool_call === id ? { ...tool, state } : tool)),
  }));
}

function next(call: string): string {
  const [turn = "0", ordinal = "0"] = call.split(".");
  return `${turn}.${Number(ordinal) + 1}`;
}

function append(body: Body, piece: string): Body {
  return typeof body === "string" ? body + piece : { ...body, bytes: body.bytes + piece.length };
}

function isEmpty(body: Body): boolean {
  return typeof body === "string" ? body === "" : body.bytes === 0;
}

function plus(a: Usage, b: Usage): Usage {
  const sum: Usage = {
    input: a.input + b.input,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
  };
  return a.estimated || b.estimated ? { ...sum, estimated: true } : sum;
}
