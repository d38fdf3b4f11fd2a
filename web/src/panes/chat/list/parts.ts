// The parts of a conversation from its first message to its last: stretches of rows, and holes where nothing was read yet.
import { BLOCK, type Block, type Blocks, isWhole } from "../../../live/older.ts";
import type { ChatView, Message } from "../../../wire/index.ts";
import { type Row, rowsOf } from "./rows.ts";

/** Rows that are drawn, or left out, together: those that begin among so many messages. */
export const STRETCH = 8;

export interface Stretch {
  kind: "stretch";
  /** Keeps its number whatever is read before it. */
  number: number;
  rows: Row[];
}

/** Messages that are not here. */
export interface Hole {
  kind: "hole";
  block: number;
  from: number;
  to: number;
  state: Block | undefined;
}

export type Part = Stretch | Hole;

type Chat = Pick<ChatView, "messages" | "first" | "turn">;

/** Puts parts together. While an answer streams, only its turn is put together anew. */
export class Parts {
  #blocks: Blocks | null = null;
  #first = -1;
  #until = -1;
  #settled: Part[] = [];

  of(view: Chat, blocks: Blocks): Part[] {
    const { first, messages } = view;
    const open = view.turn
      ? Math.max(
          0,
          messages.findLastIndex((it) => it.kind === "user"),
        )
      : messages.length;
    if (blocks !== this.#blocks || first !== this.#first || first + open !== this.#until) {
      this.#settled = settled(messages.slice(0, open), first, blocks);
      this.#blocks = blocks;
      this.#first = first;
      this.#until = first + open;
    }
    const current = rowsOf(messages.slice(open), first + open, view.turn !== null);
    return joined(this.#settled, stretches(current, first));
  }
}

function settled(recent: readonly Message[], first: number, blocks: Blocks): Part[] {
  const parts: Part[] = [];
  let run: Message[] = [];
  let from = 0;
  const close = () => parts.push(...stretches(rowsOf(run, from, false), first));
  for (let block = 0; block * BLOCK < first; block += 1) {
    const [start, end] = [block * BLOCK, Math.min(first, (block + 1) * BLOCK)];
    const known = blocks.get(block);
    if (isWhole(known, end - start)) {
      if (run.length === 0) from = start;
      run.push(...known.messages.slice(0, end - start));
      continue;
    }
    close();
    run = [];
    parts.push({ kind: "hole", block, from: start, to: end, state: known });
  }
  if (run.length === 0) from = first;
  run.push(...recent);
  close();
  return parts;
}

function stretches(rows: Row[], first: number): Stretch[] {
  const all: Stretch[] = [];
  for (const row of rows) {
    // What the view begins with is a stretch of its own: what is read later must not grow into it from above, or the
    // browser, which holds on to a box that it sees whole, would hold on to the wrong place.
    const number = 2 * Math.floor(row.index / STRETCH) + (row.index < first ? 0 : 1);
    const last = all.at(-1);
    if (last?.number === number) last.rows.push(row);
    else all.push({ kind: "stretch", number, rows: [row] });
  }
  return all;
}

/** The stretch in which one ends and the other begins becomes one. */
function joined(before: Part[], after: Stretch[]): Part[] {
  const [last, next] = [before.at(-1), after[0]];
  if (last?.kind !== "stretch" || last.number !== next?.number) return [...before, ...after];
  const seam: Stretch = { ...last, rows: [...last.rows, ...next.rows] };
  return [...before.slice(0, -1), seam, ...after.slice(1)];
}

/** Where a message is: the part that holds it, and its row unless that is a hole. */
export interface Spot {
  part: Part;
  row: Row | null;
}

/** Where the message with an index is. */
export function spotOf(parts: readonly Part[], index: number): Spot | null {
  const part = parts.findLast((it) => beginOf(it) <= index);
  if (!part) return null;
  return {
    part,
    row: part.kind === "hole" ? null : (part.rows.findLast((row) => row.index <= index) ?? null),
  };
}

function beginOf(part: Part): number {
  return part.kind === "hole" ? part.from : (part.rows[0]?.index ?? 0);
}

/** Names a part in the document. */
export function nameOf(part: Part): string {
  return part.kind === "hole" ? `hole ${part.block}` : String(part.number);
}
