// What the start shows: each chat once, where it matters most.
import type { ProjectOnDesk, SessionOnDesk } from "../../live/desk.ts";
import { isUnread, type Seen } from "../../live/seen.ts";
import type { ChatRow } from "../../wire/index.ts";

const RECENT = 10;

export interface Lists {
  running: ChatRow[];
  /** The last turn ended so that somebody has to do something. */
  waiting: ChatRow[];
  /** Ended since one last looked. */
  finished: ChatRow[];
  /** Sessions in which something happened last. */
  recent: SessionOnDesk[];
}

/** Somebody has to do something. */
const waits = (chat: ChatRow): boolean => chat.state === "failed" || chat.state === "waiting";

export function listsOf(projects: readonly ProjectOnDesk[], seen: Seen): Lists {
  const sessions = projects.flatMap((project) => project.sessions);
  const chats = sessions.flatMap((session) => session.inside).sort((a, b) => b.updated_at - a.updated_at);
  return {
    running: chats.filter((chat) => chat.state === "running"),
    waiting: chats.filter(waits),
    finished: chats.filter((chat) => !waits(chat) && isUnread(chat, seen)),
    recent: sessions.sort((a, b) => b.active_at - a.active_at).slice(0, RECENT),
  };
}
