// Everything that the page knows of the server: subscriptions that resume, commands that arrive, and who is told.
import type { ClientFrame, Command, ServerFrame } from "../wire/index.ts";
import { rememberTexts } from "./blobs.ts";
import {
  type Entry,
  emptyOf,
  type FilesEntry,
  foldFiles,
  foldList,
  foldStream,
  GAP,
  keyOf,
  type ListEntry,
  type StreamEntry,
  stale,
  type Topic,
} from "./entries.ts";
import { uuid7 } from "./ids.ts";
import { type Answer, Outbox, type Outgoing, type Shelf } from "./outbox.ts";
import { type Connection, type Hello, type Ports, Socket } from "./socket.ts";

export interface Environment extends Ports {
  shelf: Shelf;
  /** Calls back soon: what happens in between is told at once. */
  soon(tell: () => void): void;
  /** Loads the page anew, for a version of the server. */
  reload(version: string): void;
}

/** A command that the server refused, until someone has read it. */
export interface Refusal {
  outgoing: Outgoing;
  code: string;
  message: string;
}

interface Held {
  topic: Topic;
  entry: Entry;
  /** The number of its subscription while there is one. */
  sub: number | null;
  watchers: number;
}

/** So many streams that nobody watches are kept, so that going back to one shows it at once. */
const KEPT = 20;

export class Live {
  /** The highest position of the log that was seen. */
  position = 0;
  #environment: Environment;
  #socket: Socket;
  #outbox: Outbox;
  #held = new Map<string, Held>();
  #bySub = new Map<number, Held>();
  #lastSub = 0;
  #listeners = new Set<() => void>();
  #telling = false;
  #known: Hello | null = null;
  #refusals: readonly Refusal[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#outbox = new Outbox(environment.shelf);
    this.#socket = new Socket(environment, {
      greeted: (hello) => this.#greeted(hello),
      received: (frame) => this.#received(frame),
      changed: () => this.#tell(),
    });
  }

  start(): void {
    this.#socket.connect();
  }

  nudge(): void {
    this.#socket.nudge();
  }

  /** After signing out: nothing more comes, and the page asks for a key. */
  leave(): void {
    this.#socket.leave();
  }

  get connection(): Connection {
    return this.#socket.connection;
  }

  /** Commands without an answer. */
  get outgoing(): readonly Outgoing[] {
    return this.#outbox.waiting;
  }

  /** Commands that were refused and not dismissed, oldest first. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  dismiss(id: string): void {
    this.#refusals = this.#refusals.filter((refusal) => refusal.outgoing.id !== id);
    this.#tell();
  }

  listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is known of a topic now. The same object until something changes. */
  read(topic: Topic): Entry {
    return this.#hold(topic).entry;
  }

  /** Keeps a topic subscribed until the answer is called. */
  watch(topic: Topic): () => void {
    const held = this.#hold(topic);
    held.watchers += 1;
    if (held.sub === null) this.#subscribe(held);
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      held.watchers -= 1;
      if (held.watchers === 0) this.#unsubscribe(held);
    };
  }

  /** Subscribes anew to a topic whose subscription the server ended. */
  again(topic: Topic): void {
    const held = this.#hold(topic);
    this.#leave(held);
    held.entry = { ...held.entry, trouble: null };
    if (held.watchers > 0) this.#subscribe(held);
    this.#tell();
  }

  /** Sends a command and waits for its answer, through interruptions too. */
  command(stream: string, command: Command, id = uuid7()): Promise<Answer> {
    const outgoing = { id, stream, command };
    const answer = this.#outbox.put(outgoing);
    this.#refusals = this.#refusals.filter((refusal) => refusal.outgoing.stream !== stream);
    this.#socket.send({ op: "command", ...outgoing });
    this.#tell();
    return answer;
  }

  #hold(topic: Topic): Held {
    const key = keyOf(topic);
    let held = this.#held.get(key);
    if (!held) {
      held = { topic, entry: emptyOf(topic), sub: null, watchers: 0 };
      this.#held.set(key, held);
    }
    return held;
  }

  #subscribe(held: Held): void {
    if (!this.#socket.usable) return;
    this.#socket.send(this.#subscription(held));
  }

  #subscription(held: Held): ClientFrame {
    const sub = ++this.#lastSub;
    held.sub = sub;
    this.#bySub.set(sub, held);
    const { topic, entry } = held;
    if (topic.kind === "stream") {
      const { revision } = entry as StreamEntry;
      const base = { op: "subscribe" as const, sub, stream: topic.stream };
      return revision === null ? base : { ...base, after: revision };
    }
    const { kind: _, ...wish } = topic;
    return { op: "subscribe", sub, ...wish };
  }

  #leave(held: Held): void {
    if (held.sub === null) return;
    this.#bySub.delete(held.sub);
    this.#socket.send({ op: "unsubscribe", sub: held.sub });
    held.sub = null;
  }

  #unsubscribe(held: Held): void {
    this.#leave(held);
    held.entry = stale(held.entry);
    const idle = [...this.#held].filter(([, other]) => other.watchers === 0);
    for (const [key] of idle.slice(0, Math.max(0, idle.length - KEPT))) this.#held.delete(key);
  }

  #greeted(hello: Hello): void {
    if (this.#known && this.#known.version !== hello.version) this.#environment.reload(hello.version);
    if (this.#known && this.#known.log !== hello.log) this.#forget();
    this.#known = hello;
    this.#bySub.clear();
    const frames: ClientFrame[] = [];
    for (const held of this.#held.values()) {
      held.sub = null;
      held.entry = stale(held.entry);
      if (held.watchers > 0) frames.push(this.#subscription(held));
    }
    for (const outgoing of this.#outbox.waiting) frames.push({ op: "command", ...outgoing });
    if (frames.length > 0) this.#socket.send({ op: "batch", frames });
  }

  /** The log is another one: nothing that was known holds. */
  #forget(): void {
    this.position = 0;
    for (const [key, held] of this.#held) {
      if (held.watchers === 0) this.#held.delete(key);
      else held.entry = emptyOf(held.topic);
    }
    this.#outbox.clear();
  }

  #received(frame: ServerFrame): void {
    if ("position" in frame && frame.position != null)
      this.position = Math.max(this.position, frame.position);
    if (frame.op === "accepted" || frame.op === "rejected") this.#answered(frame);
    else if ("sub" in frame && frame.sub != null) this.#fold(frame.sub, frame);
    else if (frame.op === "error") console.error(`${frame.code}: ${frame.message}`);
    this.#tell();
  }

  #answered(frame: Extract<ServerFrame, { op: "accepted" | "rejected" }>): void {
    const outgoing = this.#outbox.settle(frame);
    if (!outgoing || frame.op === "accepted") return;
    this.#refusals = [...this.#refusals, { outgoing, code: frame.code, message: frame.message }];
  }

  #fold(sub: number, frame: ServerFrame): void {
    const held = this.#bySub.get(sub);
    if (!held) return;
    if (held.topic.kind === "files") {
      held.entry = foldFiles(held.entry as FilesEntry, frame);
      return;
    }
    if (held.topic.kind === "list") {
      held.entry = foldList(held.entry as ListEntry, frame);
      return;
    }
    const { stream } = held.topic;
    const before = held.entry as StreamEntry;
    const after = foldStream(stream, before, frame);
    if (after === GAP) {
      this.#leave(held);
      held.entry = { ...before, revision: null };
      this.#subscribe(held);
      return;
    }
    rememberTexts(stream, before.view, frame);
    held.entry = after;
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#environment.soon(() => {
      this.#telling = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
