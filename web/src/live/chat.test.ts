import { describe, expect, it } from "vitest";
import type { Call, ChatEvent, ChatView } from "../wire/index.ts";
import { currentCall, emptyChat, foldChat, joined, NO_USAGE, withOlder } from "./chat.ts";

let clock = 0;

function given(...events: ChatEvent[]): ChatView {
  clock = 0;
  return events.reduce((view, event) => foldChat(view, { ...event, at: ++clock }), emptyChat);
}

const opened: ChatEvent = {
  type: "ChatOpened",
  data: {
    session: "s",
    project: "p",
    title: "",
    model: "offline",
    agent: "default",
    origin: { kind: "user" },
    token_budget: 9,
  },
};
const posted = (message = "m1", text = "read a"): ChatEvent => ({
  type: "MessagePosted",
  data: { message, text },
});
const turn = (number = 1, message = "m1"): ChatEvent => ({
  type: "TurnStarted",
  data: { turn: number, message },
});
const asked = (call = "1.1", attempt = 1, model = "offline"): ChatEvent => ({
  type: "ModelCallStarted",
  data: { call, model, attempt },
});
const wrote = (text: string, call = "1.1", attempt = 1): ChatEvent => ({
  type: "TextAppended",
  data: { call, attempt, offset: 0, text },
});
const reasoned = (text: string): ChatEvent => ({
  type: "ReasoningAppended",
  data: { call: "1.1", attempt: 1, offset: 0, text },
});
const toolCalled = (index: number): ChatEvent => ({
  type: "ToolCalled",
  data: {
    call: "1.1",
    tool_call: `1.1.${index}`,
    provider_id: "x",
    name: "read_file",
    arguments: "{}",
    class: "repeat",
  },
});
const usage = { ...NO_USAGE, input: 100, output: 10, cache_read: 40 };
const finished = (stop: "end" | "tool_calls" = "end", call = "1.1"): ChatEvent => ({
  type: "ModelCallFinished",
  data: { call, attempt: 1, stop, usage, latency_ms: 7 },
});
const toolStarted = (index: number): ChatEvent => ({
  type: "ToolStarted",
  data: { tool_call: `1.1.${index}`, attempt: 1 },
});
const toolFinished = (index: number, outcome: "succeeded" | "failed" = "succeeded"): ChatEvent => ({
  type: "ToolFinished",
  data: { tool_call: `1.1.${index}`, outcome, output: "text", latency_ms: 3, truncated: false },
});
const error = { code: "rate_limited", message: "slow down", retry: "later" as const };
const failed = (retry_at?: number): ChatEvent => ({
  type: "ModelCallFailed",
  data: { call: "1.1", attempt: 1, error, ...(retry_at === undefined ? {} : { retry_at }) },
});
const closing = { digest: "", decider_version: 1 };
const answered: ChatEvent = {
  type: "TurnFinished",
  data: { turn: 1, outcome: { kind: "answered" }, usage, ...closing },
};
const stopped: ChatEvent = { type: "TurnCancelled", data: { turn: 1, usage, ...closing } };

function lastCall(view: ChatView): Call {
  const call = view.messages.findLast((message) => message.kind === "call");
  if (call?.kind !== "call") throw new Error("there is no call");
  return call;
}

describe("a chat", () => {
  it("is there once it was opened, and takes another title and model", () => {
    const renamed = given(opened, { type: "ChatRenamed", data: { title: "Two" } });
    expect(renamed.about).toMatchObject({ title: "Two", model: "offline", opened_at: 1 });
    const configured = given(opened, posted(), turn(), {
      type: "ChatConfigured",
      data: { model: "openai/x" },
    });
    expect(configured.about?.model).toBe("openai/x");
    expect(lastCall(configured).model).toBe("openai/x");
  });

  it("keeps the model of a call that was begun", () => {
    const view = given(opened, posted(), turn(), asked(), {
      type: "ChatConfigured",
      data: { model: "other" },
    });
    expect(lastCall(view).model).toBe("offline");
  });

  it("opens a call with the turn and streams into it", () => {
    const view = given(opened, posted(), turn(), asked(), reasoned("hm"), wrote("Hel"), wrote("lo"));
    expect(view.turn).toMatchObject({ turn: 1, message: "m1", started_at: 3 });
    expect(currentCall(view)).toMatchObject({
      call: "1.1",
      attempt: 1,
      reasoning: "hm",
      text: "Hello",
      since: 3,
    });
  });

  it("ends a turn with what it took", () => {
    const view = given(opened, posted(), turn(), asked(), wrote("Hello"), finished(), answered);
    expect(view.turn).toBeNull();
    expect(view.usage).toEqual(usage);
    expect(view.messages.map((message) => message.kind)).toEqual(["user", "call", "end"]);
    expect(view.messages.at(-1)).toMatchObject({ started_at: 3, ended_at: 7, outcome: { kind: "answered" } });
  });

  it("marks what an attempt wrote before it was cut off", () => {
    const view = given(
      opened,
      posted(),
      turn(),
      asked(),
      wrote("Hel"),
      asked("1.1", 2),
      wrote("Hello", "1.1", 2),
    );
    expect(lastCall(view)).toMatchObject({
      text: "Hello",
      attempt: 2,
      interrupted: [{ attempt: 1, text: "Hel", reasoning: "" }],
    });
  });

  it("marks nothing where the attempt had written nothing", () => {
    expect(lastCall(given(opened, posted(), turn(), asked(), asked("1.1", 2))).interrupted).toBeUndefined();
  });

  it("opens the next call when all tools have answered, not before", () => {
    const two = [opened, posted(), turn(), asked(), toolCalled(0), toolCalled(1), finished("tool_calls")];
    const half = given(...two, toolStarted(0), toolStarted(1), toolFinished(1));
    expect(lastCall(half).tool_calls?.map((tool) => tool.state.kind)).toEqual(["started", "finished"]);
    expect(lastCall(half).call).toBe("1.1");
    expect(lastCall(given(...two, toolFinished(1), toolFinished(0))).call).toBe("1.2");
  });

  it("counts tool calls that fail in a row", () => {
    const two = [opened, posted(), turn(), asked(), toolCalled(0), toolCalled(1), finished("tool_calls")];
    expect(given(...two, toolFinished(0, "failed"), toolFinished(1, "failed")).turn?.mistakes).toBe(2);
    expect(given(...two, toolFinished(0, "failed"), toolFinished(1)).turn?.mistakes).toBe(0);
  });

  it("shows a failed call, when it is tried again, and the next try", () => {
    const view = given(opened, posted(), turn(), asked(), failed(99));
    expect(lastCall(view).state).toEqual({ kind: "failed", error, retry_at: 99 });
    expect(view.turn?.failures).toBe(1);
    const again = foldChat(view, { type: "WaitElapsed", data: { call: "1.1" }, at: 100 });
    expect(lastCall(again)).toMatchObject({ call: "1.2", state: { kind: "open" } });
    expect(lastCall(given(opened, posted(), turn(), asked(), failed())).state).toEqual({
      kind: "failed",
      error,
    });
  });

  it("sums up in a closing call after a limit", () => {
    const limit = { kind: "doom_loop", tool: "read_file", times: 3 } as const;
    const events = [opened, posted(), turn(), asked(), toolCalled(0), finished("tool_calls")];
    const view = given(...events, { type: "LimitReached", data: { turn: 1, limit } }, toolFinished(0));
    expect(view.turn?.limit).toEqual(limit);
    expect(lastCall(view)).toMatchObject({ call: "1.2", closing: true });
  });

  it("stops the call and the tools that have no answer", () => {
    expect(lastCall(given(opened, posted(), turn(), asked(), wrote("Hel"), stopped))).toMatchObject({
      text: "Hel",
      state: { kind: "cancelled" },
    });
    const events = [opened, posted(), turn(), asked(), toolCalled(0), toolCalled(1), finished("tool_calls")];
    const view = given(...events, toolFinished(0), stopped);
    const states = lastCall(view).tool_calls?.map((tool) => tool.state);
    expect(states).toMatchObject([{ outcome: "succeeded" }, { outcome: "cancelled" }]);
    expect(view.messages.at(-1)).toMatchObject({ kind: "end", outcome: null });
  });

  it("calls the next try off when it is stopped while it waits for one", () => {
    const view = given(opened, posted(), turn(), asked(), failed(99), stopped);
    expect(lastCall(view).state).toEqual({ kind: "failed", error });
  });

  it("counts how often in a row the same tool call was made", () => {
    const view = given(opened, posted(), turn(), asked(), toolCalled(0), toolCalled(1));
    expect(view.turn?.repeated).toEqual({ name: "read_file", arguments: "{}", times: 2 });
  });

  it("is not changed by events that do not fit it", () => {
    const idle = given(opened, posted());
    const open = given(opened, posted(), turn(), asked(), wrote("a"));
    const unfit: [ChatView, ChatEvent][] = [
      [idle, asked()],
      [idle, stopped],
      [idle, { type: "WaitElapsed", data: { call: "1.1" } }],
      [open, opened],
      [open, turn(2)],
      [open, wrote("of an earlier attempt", "1.1", 0)],
      [open, wrote("of another call", "1.2")],
      [open, toolFinished(0)],
      [open, { type: "WaitElapsed", data: { call: "1.1" } }],
      [open, { type: "TurnFinished", data: { turn: 7, outcome: { kind: "answered" }, usage, ...closing } }],
    ];
    for (const [view, event] of unfit) expect(foldChat(view, { ...event, at: 50 })).toBe(view);
  });

  it("queues messages until they are posted or taken back", () => {
    const queued = (message: string): ChatEvent => ({
      type: "MessageQueued",
      data: { message, text: message },
    });
    const view = given(opened, queued("a"), queued("b"), queued("c"), posted("a", "a"), {
      type: "MessageUnqueued",
      data: { message: "c" },
    });
    expect(view.queue.map((it) => it.message)).toEqual(["b"]);
    expect(view.messages.map((it) => it.kind === "user" && it.message)).toEqual(["a"]);
  });

  it("leaves the text to a blob where it was too long", () => {
    const blob = { blob: "ab", bytes: 20_000, type: "text/plain", head: "He" };
    const view = given(opened, posted(), turn(), asked(), wrote("Hello"), {
      type: "ModelCallFinished",
      data: { call: "1.1", attempt: 1, stop: "end", usage, latency_ms: 1, text: blob },
    });
    expect(lastCall(view).text).toEqual(blob);
  });

  it("is not changed by events of a type that it does not know", () => {
    const view = given(opened);
    expect(foldChat(view, { type: "SomethingNew", data: {}, at: 5 })).toBe(view);
  });

  it("never changes what it was given", () => {
    const before = given(opened, posted(), turn(), asked(), wrote("a"));
    const copy = structuredClone(before);
    foldChat(before, { ...wrote("b"), at: 9 });
    expect(before).toEqual(copy);
  });
});

describe("older messages", () => {
  const user = (index: number) => ({ kind: "user" as const, message: `m${index}`, text: "", at: index });
  const range = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, step) => user(from + step));
  const view = { ...emptyChat, messages: range(50, 60), first: 50 };

  it("stand before those of the view", () => {
    const whole = withOlder(view, range(0, 50), 0);
    expect(whole.first).toBe(0);
    expect(whole.messages).toEqual(range(0, 60));
  });

  it("are not put there twice, nor where they do not join on", () => {
    const once = withOlder(view, range(20, 50), 20);
    expect(withOlder(once, range(20, 50), 20)).toBe(once);
    expect(withOlder(view, range(20, 30), 20)).toBe(view);
  });

  it("stay when a fresh view comes that joins on, and go when it does not", () => {
    const fresh = { ...emptyChat, messages: range(55, 65), first: 55 };
    expect(joined(view, fresh).messages).toEqual(range(50, 65));
    expect(joined(view, { ...fresh, first: 80, messages: range(80, 90) }).first).toBe(80);
  });
});
