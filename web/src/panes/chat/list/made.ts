// Messages for tests.
import { NO_USAGE } from "../../../live/chat.ts";
import type { Call, Message, ToolCall, ToolOutcome, TurnEnd, UserMessage } from "../../../wire/index.ts";

export const said = (message: string, text = message): UserMessage => ({
  kind: "user",
  message,
  text,
  at: 1,
});

export const called = (call: string, over: Partial<Call> = {}): Call => ({
  kind: "call",
  call,
  model: "offline",
  state: { kind: "finished", stop: "end" },
  attempt: 1,
  since: 1,
  reasoning: "",
  text: "",
  usage: NO_USAGE,
  latency_ms: 1,
  ...over,
});

export const tool = (
  id: string,
  {
    name = "read_file",
    since = 0,
    ms = 10,
    outcome = "succeeded" as ToolOutcome,
    open = false,
    path = "a.md",
  } = {},
): ToolCall => ({
  tool_call: id,
  provider_id: id,
  name,
  arguments: JSON.stringify({ path }),
  class: "repeat",
  since,
  state: open
    ? { kind: "requested" }
    : { kind: "finished", outcome, output: "", latency_ms: ms, truncated: false },
});

export const asking = (call: string, tools: ToolCall[], over: Partial<Call> = {}): Call =>
  called(call, { state: { kind: "finished", stop: "tool_calls" }, tool_calls: tools, ...over });

export const ended = (turn: number): TurnEnd => ({
  kind: "end",
  turn,
  outcome: { kind: "answered" },
  usage: NO_USAGE,
  started_at: 0,
  ended_at: 1,
});

/** A conversation of short turns: three messages each. */
export const turns = (count: number): Message[] =>
  Array.from({ length: count }, (_, index) => index + 1).flatMap((turn) => [
    said(`m${turn}`),
    called(`${turn}.1`, { text: "yes" }),
    ended(turn),
  ]);
