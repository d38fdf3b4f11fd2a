// The messages of a chat that are older than its view: read in blocks as one comes near to them, kept as they came.
import type { Message, MessagesPage } from "../wire/index.ts";
import { get } from "./http.ts";

/** So many messages stand in a block; block 0 begins with the first message of the chat. */
export const BLOCK = 64;

/** What is known of a block: its messages, or why they are not here. */
export type Block = { messages: readonly Message[] } | { failed: string } | "reading";
export type Blocks = ReadonlyMap<number, Block>;

/** Reads the `limit` messages before an index. */
export type ReadPage = (before: number, limit: number) => Promise<MessagesPage>;

export class Older {
  /** Another map after every change. */
  blocks: Blocks = new Map();
  #read: ReadPage;
  #listeners = new Set<() => void>();

  constructor(read: ReadPage) {
    this.#read = read;
  }

  listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Reads a block up to the first message of the view, unless it is here or under way. Those messages never change. */
  want(block: number, first: number): void {
    const from = block * BLOCK;
    const to = Math.min(from + BLOCK, first);
    const known = this.blocks.get(block);
    if (to <= from || known === "reading" || isWhole(known, to - from)) return;
    this.#set(block, "reading");
    this.#read(to, to - from).then(
      (page) =>
        page.first === from && page.messages.length === to - from
          ? this.#set(block, { messages: page.messages })
          : this.#set(block, { failed: "The server gave other messages than those that were asked for." }),
      (error) => this.#set(block, { failed: error instanceof Error ? error.message : String(error) }),
    );
  }

  #set(block: number, state: Block): void {
    this.blocks = new Map(this.blocks).set(block, state);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether a block holds so many messages. It held fewer if it was read while the view began within it. */
export function isWhole(block: Block | undefined, length: number): block is { messages: readonly Message[] } {
  return typeof block === "object" && "messages" in block && block.messages.length >= length;
}

const KEPT = 8;
const kept = new Map<string, Older>();

/** The older messages of a chat in a log; those of the chats that were looked at last are kept. */
export function olderOf(chat: string, log: string | null): Older {
  const key = `${log ?? ""} ${chat}`;
  const older =
    kept.get(key) ??
    new Older((before, limit) => get(`/api/chats/${chat}/messages?before=${before}&limit=${limit}`));
  kept.delete(key);
  kept.set(key, older);
  for (const [oldest] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return older;
}
