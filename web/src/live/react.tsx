// The doors from components to what is live.
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from "react";
import type { ChatView, ListName, RunView } from "../wire/index.ts";
import { desk, type ProjectOnDesk } from "./desk.ts";
import { type FilesEntry, keyOf, type ListOf, type StreamEntry, type Topic } from "./entries.ts";
import type { Live, Refusal } from "./live.ts";
import { type Blocks, type Older, olderOf } from "./older.ts";
import type { Outgoing } from "./outbox.ts";
import type { Connection } from "./socket.ts";

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ live, children }: { live: Live; children: ReactNode }) {
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error("no LiveProvider stands above this component");
  return live;
}

export function useConnection(): Connection {
  const live = useLive();
  return useSyncExternalStore(live.listen, () => live.connection);
}

export function usePosition(): number {
  const live = useLive();
  return useSyncExternalStore(live.listen, () => live.position);
}

/** The commands that have no answer yet. */
export function useOutgoing(): readonly Outgoing[] {
  const live = useLive();
  return useSyncExternalStore(live.listen, () => live.outgoing);
}

/** The commands that were refused and not dismissed. */
export function useRefusals(): readonly Refusal[] {
  const live = useLive();
  return useSyncExternalStore(live.listen, () => live.refusals);
}

export function useChat(id: string): StreamEntry<ChatView> {
  return useTopic({ kind: "stream", stream: `chat/${id}` }) as StreamEntry<ChatView>;
}

export function useRun(id: string): StreamEntry<RunView> {
  return useTopic({ kind: "stream", stream: `run/${id}` }) as StreamEntry<RunView>;
}

/** The messages of a chat that are older than its view, as far as they were read. */
export function useOlder(chat: string): { older: Older; blocks: Blocks } {
  const { log } = useConnection();
  const older = useMemo(() => olderOf(chat, log), [chat, log]);
  const blocks = useSyncExternalStore(older.listen, () => older.blocks);
  return { older, blocks };
}

/** The rows of a list; with those that were put away where that is asked for. */
export function useList<L extends ListName>(list: L, archived = false): ListOf<L> {
  const topic: Topic = archived ? { kind: "list", list, archived } : { kind: "list", list };
  return useTopic(topic) as unknown as ListOf<L>;
}

/** Calls back whenever the files of a project's workflows, or of the user's own, may be others than they were. */
export function useWorkflowsChanged(project: string, changed: () => void): void {
  const { round } = useTopic({ kind: "files", files: "workflows", project }) as FilesEntry;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round is what is told
  useEffect(() => {
    if (round > 0) changed();
  }, [round]);
}

function useTopic(topic: Topic) {
  const live = useLive();
  const key = keyOf(topic);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of the topic, which is made anew each time
  useEffect(() => live.watch(topic), [live, key]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const read = useCallback(() => live.read(topic), [live, key]);
  return useSyncExternalStore(live.listen, read);
}

/** What stands on the desk. */
interface OnDesk {
  projects: ProjectOnDesk[];
  /** Whether all of it is known. */
  known: boolean;
  /** What is known may be old, or not all there is. */
  rebuilding: boolean;
  trouble: string | null;
}

/** All projects with their sessions and chats, whether all of them are known, and what is wrong if not. */
export function useDesk(): OnDesk {
  const projects = useList("projects");
  const sessions = useList("sessions");
  const chats = useList("chats");
  const of = useMemo(
    () => desk(projects.rows, sessions.rows, chats.rows),
    [projects.rows, sessions.rows, chats.rows],
  );
  const lists = [projects, sessions, chats];
  const known = lists.every((list) => list.freshness !== "loading");
  const trouble = lists.find((list) => list.trouble !== null)?.trouble?.message ?? null;
  const rebuilding = lists.some((list) => list.rebuilding);
  return { projects: of, known, rebuilding, trouble };
}
