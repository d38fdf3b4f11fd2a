import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatView, ClientFrame } from "../wire/index.ts";
import { emptyChat } from "./chat.ts";
import type { ListEntry, StreamEntry, Topic } from "./entries.ts";
import { FakeServer } from "./fake-server.ts";
import { backOff } from "./socket.ts";

const chat: Topic = { kind: "stream", stream: "chat/c" };
const chats: Topic = { kind: "list", list: "chats" };
const about = {
  session: "s",
  project: "p",
  title: "",
  model: "offline",
  agent: "default",
  origin: { kind: "user" as const },
  token_budget: 9,
  opened_at: 1,
};

function setUp() {
  const server = new FakeServer();
  const live = server.live();
  server.greet();
  return { server, live };
}

function event(sub: number, revision: number, type: string, data: Record<string, unknown>) {
  return {
    op: "event" as const,
    sub,
    revision,
    position: revision + 100,
    at: 1,
    by: { kind: "person" as const, id: "owner" },
    id: `event-${revision}`,
    version: 1,
    type,
    data,
  };
}

function rename(sub: number, revision: number, title: string) {
  return event(sub, revision, "ChatRenamed", { title });
}

const subscribes = (frames: ClientFrame[]) => frames.filter((frame) => frame.op === "subscribe");
const commands = (frames: ClientFrame[]) => frames.filter((frame) => frame.op === "command");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function cutAndBack(server: FakeServer) {
  server.drop();
  await vi.advanceTimersByTimeAsync(6_000);
  server.greet();
}

describe("a subscription", () => {
  it("begins with a view and goes on with events", () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = server.heard;
    expect(asked).toMatchObject({ op: "subscribe", stream: "chat/c" });
    expect(asked).not.toHaveProperty("after");
    const sub = asked?.op === "subscribe" ? asked.sub : 0;
    expect((live.read(chat) as StreamEntry).freshness).toBe("loading");
    server.say({ op: "view", sub, revision: 4, view: { ...emptyChat, about } });
    server.say({ op: "live", sub });
    server.say(rename(sub, 5, "Two"));
    const entry = live.read(chat) as StreamEntry<ChatView>;
    expect(entry).toMatchObject({ freshness: "live", revision: 5 });
    expect(entry.view.about?.title).toBe("Two");
    expect(live.position).toBe(105);
  });

  it("resumes after the last revision seen when the socket is back", async () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [first] = subscribes(server.heard);
    server.say({ op: "view", sub: first?.sub ?? 0, revision: 4, view: { ...emptyChat, about } });
    server.say(rename(first?.sub ?? 0, 5, "Two"));
    await cutAndBack(server);
    const [again] = subscribes(server.heard);
    expect(again).toMatchObject({ stream: "chat/c", after: 5 });
    server.say(rename(again?.sub ?? 0, 6, "Three"));
    expect((live.read(chat) as StreamEntry<ChatView>).view.about?.title).toBe("Three");
  });

  it("takes no event twice", () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = subscribes(server.heard);
    const sub = asked?.sub ?? 0;
    server.say({ op: "view", sub, revision: 4, view: { ...emptyChat, about } });
    server.say(rename(sub, 5, "Two"));
    const before = live.read(chat);
    server.say(rename(sub, 5, "Other"));
    server.say(rename(sub, 3, "Other"));
    expect(live.read(chat)).toBe(before);
  });

  it("reads the stream anew when a revision is missing", () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = subscribes(server.heard);
    server.say({ op: "view", sub: asked?.sub ?? 0, revision: 4, view: { ...emptyChat, about } });
    server.say(rename(asked?.sub ?? 0, 9, "Two"));
    const frames = server.heard;
    expect(frames).toContainEqual({ op: "unsubscribe", sub: asked?.sub });
    const [anew] = subscribes(frames);
    expect(anew).not.toHaveProperty("after");
    server.say(rename(asked?.sub ?? 0, 10, "of the old subscription"));
    server.say({ op: "view", sub: anew?.sub ?? 0, revision: 9, view: { ...emptyChat, about } });
    expect((live.read(chat) as StreamEntry).revision).toBe(9);
  });

  it("is one for all who watch, and ends with the last", () => {
    const { server, live } = setUp();
    const first = live.watch(chat);
    const second = live.watch(chat);
    expect(subscribes(server.heard)).toHaveLength(1);
    first();
    first();
    expect(server.heard).toEqual([]);
    second();
    expect(server.heard).toMatchObject([{ op: "unsubscribe" }]);
  });

  it("of what was left goes on from there", () => {
    const { server, live } = setUp();
    const leave = live.watch(chat);
    const [asked] = subscribes(server.heard);
    server.say({ op: "view", sub: asked?.sub ?? 0, revision: 4, view: { ...emptyChat, about } });
    leave();
    live.watch(chat);
    expect(subscribes(server.heard)).toMatchObject([{ stream: "chat/c", after: 4 }]);
    expect((live.read(chat) as StreamEntry<ChatView>).view.about).toEqual(about);
  });

  it("of a stream that is not there yet begins with its first event", () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = subscribes(server.heard);
    const sub = asked?.sub ?? 0;
    server.say({ op: "view", sub, revision: null, view: { ...emptyChat } });
    server.say({ op: "live", sub });
    server.say(event(sub, 0, "ChatOpened", about));
    expect(live.read(chat)).toMatchObject({ revision: 0, view: { about: { model: "offline" } } });
  });

  it("of files says that they changed, and may have while nobody told", async () => {
    const { server, live } = setUp();
    const files: Topic = { kind: "files", files: "workflows", project: "p" };
    live.watch(files);
    const [asked] = subscribes(server.heard);
    expect(asked).toEqual({ op: "subscribe", sub: 1, files: "workflows", project: "p" });
    expect(live.read(files)).toMatchObject({ freshness: "loading", round: 0 });
    server.say({ op: "live", sub: 1 });
    server.say({ op: "changed", sub: 1 });
    expect(live.read(files)).toMatchObject({ freshness: "live", round: 2 });
    await cutAndBack(server);
    const [again] = subscribes(server.heard);
    server.say({ op: "live", sub: again?.sub ?? 0 });
    expect(live.read(files)).toMatchObject({ round: 3 });
    server.say({ op: "error", sub: again?.sub ?? 0, code: "not_watched", message: "too many" });
    expect(live.read(files)).toMatchObject({ trouble: { code: "not_watched" } });
  });

  it("of a list has rows that come, change and go, and is read anew after an interruption", async () => {
    const { server, live } = setUp();
    live.watch(chats);
    const [asked] = subscribes(server.heard);
    const sub = asked?.sub ?? 0;
    const row = (stream: string, title: string) => ({ stream, title }) as never;
    server.say({ op: "rows", sub, position: 7, rows: [row("chat/a", "A")] });
    server.say({ op: "live", sub });
    server.say({ op: "row", sub, position: 8, row: row("chat/b", "B") });
    server.say({ op: "row", sub, position: 9, row: row("chat/a", "A2") });
    const rows = () => (live.read(chats) as ListEntry).rows;
    expect(rows()).toEqual([
      { stream: "chat/a", title: "A2" },
      { stream: "chat/b", title: "B" },
    ]);
    server.say({ op: "gone", sub, position: 10, stream: "chat/a" });
    expect(rows()).toEqual([{ stream: "chat/b", title: "B" }]);
    await cutAndBack(server);
    expect(rows()).toHaveLength(1);
    const [again] = subscribes(server.heard);
    expect(again).toMatchObject({ list: "chats" });
    server.say({ op: "rows", sub: again?.sub ?? 0, position: 11, rows: [], rebuilding: true });
    expect(live.read(chats)).toMatchObject({ rows: [], rebuilding: true });
    server.say({ op: "live", sub: again?.sub ?? 0 });
    expect(live.read(chats)).toMatchObject({ freshness: "live", rebuilding: true });
    server.say({ op: "rows", sub: again?.sub ?? 0, position: 12, rows: [row("chat/a", "A")] });
    expect(live.read(chats)).toMatchObject({ rows: [{ title: "A" }], rebuilding: false });
  });

  it("that the server refuses says why", () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = subscribes(server.heard);
    server.say({ op: "error", sub: asked?.sub ?? 0, code: "damaged", message: "revision 3 cannot be read" });
    expect((live.read(chat) as StreamEntry).trouble?.message).toBe("revision 3 cannot be read");
    live.again(chat);
    expect((live.read(chat) as StreamEntry).trouble).toBeNull();
    expect(server.heard).toMatchObject([{ op: "unsubscribe", sub: asked?.sub }, { op: "subscribe" }]);
  });
});

describe("a command", () => {
  const post = { type: "PostMessage", message: "m", text: "hello" } as const;

  it("is answered", async () => {
    const { server, live } = setUp();
    const answer = live.command("chat/c", post, "id-1");
    expect(server.heard).toEqual([{ op: "command", id: "id-1", stream: "chat/c", command: post }]);
    expect(live.outgoing).toHaveLength(1);
    server.say({ op: "accepted", id: "id-1", revision: 3, position: 9 });
    expect(await answer).toEqual({ ok: true });
    expect(live.outgoing).toHaveLength(0);
  });

  it("is sent again under its id after every interruption, until it is answered", async () => {
    const { server, live } = setUp();
    const answer = live.command("chat/c", post, "id-1");
    expect(server.heard).toHaveLength(1);
    await cutAndBack(server);
    expect(commands(server.heard)).toMatchObject([{ id: "id-1" }]);
    await cutAndBack(server);
    expect(commands(server.heard)).toMatchObject([{ id: "id-1" }]);
    server.say({ op: "accepted", id: "id-1", revision: 3, position: 9 });
    expect((await answer).ok).toBe(true);
    await cutAndBack(server);
    expect(commands(server.heard)).toEqual([]);
  });

  it("given while the server is away is sent when it is back", async () => {
    const { server, live } = setUp();
    server.drop();
    void live.command("chat/c", post, "id-1");
    expect(server.heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(6_000);
    server.greet();
    expect(commands(server.heard)).toMatchObject([{ id: "id-1" }]);
  });

  it("outlives a reload of the page", () => {
    const { server, live } = setUp();
    void live.command("chat/c", post, "id-1");
    expect(server.heard).toHaveLength(1);
    const reloaded = server.live();
    server.greet();
    expect(commands(server.heard)).toMatchObject([{ id: "id-1", command: post }]);
    server.say({ op: "accepted", id: "id-1", revision: 3, position: 9 });
    expect(reloaded.outgoing).toEqual([]);
    expect(server.stored).toBe("[]");
  });

  it("that is refused says why, until that is dismissed or another is given", async () => {
    const { server, live } = setUp();
    const answer = live.command("chat/c", post, "id-1");
    server.say({ op: "rejected", id: "id-1", code: "queue_full", message: "too many wait" });
    expect(await answer).toEqual({ ok: false, code: "queue_full", message: "too many wait" });
    expect(live.refusals).toMatchObject([{ code: "queue_full", outgoing: { stream: "chat/c" } }]);
    live.dismiss("id-1");
    expect(live.refusals).toEqual([]);
    void live.command("chat/c", post, "id-2");
    server.say({ op: "rejected", id: "id-2", code: "queue_full", message: "too many wait" });
    void live.command("chat/c", post, "id-3");
    expect(live.refusals).toEqual([]);
  });
});

describe("the connection", () => {
  it("comes back with growing waits, at most five seconds apart", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => backOff(failures, 1))).toEqual([
      200, 400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
    expect(backOff(1, 0)).toBe(150);
  });

  it("says that it is away, and that it is back", async () => {
    const { server, live } = setUp();
    expect(live.connection.phase).toBe("live");
    server.up = false;
    server.drop();
    expect(live.connection).toMatchObject({ phase: "reconnecting", failures: 1 });
    await vi.advanceTimersByTimeAsync(300);
    expect(server.opened).toBe(2);
    server.greet();
    expect(live.connection).toMatchObject({ phase: "live", failures: 0 });
  });

  it("knows that the key does not hold, and tries again when told", async () => {
    const { server, live } = setUp();
    server.door = "locked";
    server.drop();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(live.connection.phase).toBe("signed-out");
    expect(server.opened).toBe(1);
    live.nudge();
    server.greet();
    expect(live.connection.phase).toBe("live");
  });

  it("asks a server that is silent, and gives it up when it does not answer", async () => {
    const { server, live } = setUp();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(server.heard).toEqual([{ op: "ping" }]);
    server.say({ op: "pong" });
    await vi.advanceTimersByTimeAsync(24_000);
    expect(live.connection.phase).toBe("live");
    await vi.advanceTimersByTimeAsync(11_100);
    expect(live.connection.phase).toBe("reconnecting");
  });

  it("gives up a socket that does not open", async () => {
    const server = new FakeServer();
    server.live();
    await vi.advanceTimersByTimeAsync(10_300);
    expect(server.opened).toBe(2);
  });

  it("drops all that it knows when the log is another", async () => {
    const { server, live } = setUp();
    live.watch(chat);
    const [asked] = subscribes(server.heard);
    server.say({ op: "view", sub: asked?.sub ?? 0, revision: 4, view: { ...emptyChat, about } });
    const answer = live.command("chat/c", { type: "CancelTurn" });
    server.log = "log.2";
    await cutAndBack(server);
    expect(await answer).toMatchObject({ ok: false, code: "log_changed" });
    expect(live.read(chat)).toMatchObject({ freshness: "loading", revision: null, view: { ...emptyChat } });
    expect(subscribes(server.heard).at(-1)).not.toHaveProperty("after");
    expect(live.position).toBe(0);
  });

  it("loads the page anew for another version", async () => {
    const { server } = setUp();
    await cutAndBack(server);
    expect(server.reloads).toEqual([]);
    server.version = "2";
    await cutAndBack(server);
    expect(server.reloads).toEqual(["2"]);
  });
});
