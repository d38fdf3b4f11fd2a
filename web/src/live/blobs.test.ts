import { afterEach, expect, it, vi } from "vitest";
import type { ChatView, ServerFrame } from "../wire/index.ts";
import { knownText, rememberTexts, wholeText } from "./blobs.ts";
import { emptyChat, foldChat, type Happening } from "./chat.ts";

afterEach(() => vi.unstubAllGlobals());

const long = "é, and so on; ".repeat(2_000);

/** The view after these events, and what was remembered on the way. */
function told(stream: string, ...events: Happening[]): ChatView {
  return events.reduce((view, event) => {
    rememberTexts(stream, view, { op: "event", ...event } as unknown as ServerFrame);
    return foldChat(view, event);
  }, emptyChat);
}

const event = (type: string, data: object): Happening => ({ type, data, at: 1 }) as Happening;
const opened = event("ChatOpened", { title: "", model: "offline", origin: { kind: "user" } });

it("keeps what was streamed and then stopped, though only its beginning stands in the view", () => {
  const view = told(
    "chat/one",
    opened,
    event("TurnStarted", { turn: 1, message: "m" }),
    event("ModelCallStarted", { call: "1.1", model: "offline", attempt: 1 }),
    event("TextAppended", { call: "1.1", attempt: 1, offset: 0, text: long }),
    event("TurnCancelled", { turn: 1, usage: {} }),
  );
  const call = view.messages.find((message) => message.kind === "call");
  const text = call?.text;
  if (typeof text !== "object") throw new Error("a reference stands there");
  expect(text).toMatchObject({ call: "1.1", attempt: 1, part: "text", bytes: 30_000 });
  expect(long.startsWith(text.head)).toBe(true);
  expect(knownText(text, "one")).toBe(long);
  expect(knownText(text, "another")).toBeUndefined();
});

it("reads what it does not know from where it is, once", async () => {
  const fetched = vi.fn(async (_address: string) => new Response("the whole"));
  vi.stubGlobal("fetch", fetched);
  const text = { call: "3.1", attempt: 2, part: "reasoning" as const, bytes: 9, head: "the" };
  expect(await wholeText(text, "two")).toBe("the whole");
  expect(await wholeText(text, "two")).toBe("the whole");
  expect(fetched.mock.calls.map(([address]) => address)).toEqual([
    "/api/chats/two/written?call=3.1&attempt=2&part=reasoning",
  ]);
});
