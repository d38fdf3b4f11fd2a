// What a subscription amounts to: the view of a stream, the rows of a list, or how often files changed, folded from frames.
import type { EventFrame, ListName, Row, Rows, ServerFrame } from "../wire/index.ts";
import { emptyChat, foldChat, joined } from "./chat.ts";
import { emptyRun, foldRun } from "./run.ts";

/** What stands behind a subscription. */
export type Topic =
  | { kind: "stream"; stream: string }
  | {
      kind: "list";
      list: ListName;
      project?: string;
      session?: string;
      /** What was put away too. */
      archived?: true;
    }
  | { kind: "files"; files: "workflows"; project: string };

/** The name under which a topic is kept. */
export function keyOf(topic: Topic): string {
  if (topic.kind === "stream") return topic.stream;
  if (topic.kind === "files") return `files:${topic.files}?project=${topic.project}`;
  return `list:${topic.list}?project=${topic.project ?? ""}&session=${topic.session ?? ""}${topic.archived ? "&archived" : ""}`;
}

export interface Trouble {
  code: string;
  message: string;
}

/** `loading`: nothing is known yet; `catching-up`: something is, and more may come; `live`: all is. */
export type Freshness = "loading" | "catching-up" | "live";

export interface StreamEntry<V = unknown> {
  freshness: Freshness;
  /** The revision of the last event that is folded in; null for a stream that is not there yet. */
  revision: number | null;
  view: V;
  trouble: Trouble | null;
}

export interface ListEntry<R = Row> {
  freshness: Freshness;
  /** In the order in which they came; who shows them sorts them. */
  rows: R[];
  /** Rows may be missing or old: the server makes its lists anew, or waits for room on its disk. */
  rebuilding: boolean;
  trouble: Trouble | null;
}

/** Files have no rows: who shows what is made of them reads it again whenever `round` is another. */
export interface FilesEntry {
  freshness: Freshness;
  /** Grows with each change, and when changes begin to be told: what happened before that may have been missed. */
  round: number;
  trouble: Trouble | null;
}

export type Entry = StreamEntry | ListEntry | FilesEntry;

interface Kind {
  empty: unknown;
  fold: (view: never, frame: EventFrame) => unknown;
  /** A fresh view, with what is known already and the fresh one leaves out. */
  join: (known: never, fresh: never) => unknown;
}

const KINDS: Record<string, Kind | undefined> = {
  chat: { empty: emptyChat, fold: foldChat, join: joined },
  run: { empty: emptyRun, fold: foldRun, join: (_: never, fresh: never) => fresh },
};

export function emptyStream(stream: string): StreamEntry {
  return { freshness: "loading", revision: null, view: KINDS[kindOf(stream)]?.empty ?? null, trouble: null };
}

export const emptyList: ListEntry = { freshness: "loading", rows: [], rebuilding: false, trouble: null };

export const emptyFiles: FilesEntry = { freshness: "loading", round: 0, trouble: null };

/** What is known of a topic before anything is. */
export function emptyOf(topic: Topic): Entry {
  if (topic.kind === "stream") return emptyStream(topic.stream);
  return topic.kind === "list" ? emptyList : emptyFiles;
}

/** A revision is missing between what is known and the event: the stream must be read anew. */
export const GAP = Symbol("gap");

/** The entry after a frame, or `GAP`. What is known already changes nothing. */
export function foldStream(stream: string, entry: StreamEntry, frame: ServerFrame): StreamEntry | typeof GAP {
  switch (frame.op) {
    case "view": {
      const join = KINDS[kindOf(stream)]?.join;
      const view = join ? join(entry.view as never, frame.view as never) : frame.view;
      return { freshness: "catching-up", revision: frame.revision ?? null, view, trouble: null };
    }
    case "event": {
      const expected = entry.revision === null ? 0 : entry.revision + 1;
      if (frame.revision < expected) return entry;
      if (frame.revision > expected) return GAP;
      const fold = KINDS[kindOf(stream)]?.fold;
      const view = fold ? fold(entry.view as never, frame) : entry.view;
      return { ...entry, revision: frame.revision, view };
    }
    case "live":
      return { ...entry, freshness: "live", trouble: null };
    case "error":
      return { ...entry, trouble: { code: frame.code, message: frame.message } };
    default:
      return entry;
  }
}

export function foldList(entry: ListEntry, frame: ServerFrame): ListEntry {
  switch (frame.op) {
    case "rows":
      return {
        freshness: "catching-up",
        rows: frame.rows,
        rebuilding: frame.rebuilding ?? false,
        trouble: null,
      };
    case "row": {
      const at = entry.rows.findIndex((row) => row.stream === frame.row.stream);
      const rows = entry.rows.slice();
      if (at < 0) rows.push(frame.row);
      else rows[at] = frame.row;
      return { ...entry, rows };
    }
    case "gone":
      return { ...entry, rows: entry.rows.filter((row) => row.stream !== frame.stream) };
    case "live":
      return { ...entry, freshness: "live", trouble: null };
    case "error":
      return { ...entry, trouble: { code: frame.code, message: frame.message } };
    default:
      return entry;
  }
}

export function foldFiles(entry: FilesEntry, frame: ServerFrame): FilesEntry {
  switch (frame.op) {
    case "live":
      return { freshness: "live", round: entry.round + 1, trouble: null };
    case "changed":
      return { ...entry, round: entry.round + 1 };
    case "error":
      return { ...entry, trouble: { code: frame.code, message: frame.message } };
    default:
      return entry;
  }
}

/** The entry while its subscription is interrupted: what is known stays. */
export function stale<E extends Entry>(entry: E): E {
  return entry.freshness === "live" ? { ...entry, freshness: "catching-up" } : entry;
}

export type ListOf<L extends ListName> = ListEntry<Rows[L]>;

function kindOf(stream: string): string {
  return stream.slice(0, stream.indexOf("/"));
}
