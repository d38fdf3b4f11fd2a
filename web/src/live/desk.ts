// Projects with their sessions, and sessions with their chats, as the rail and the start show them.
import type { Route } from "../panes/registry.ts";
import type { ChatRow, ChatRowState, Micros, ProjectRow, SessionRow } from "../wire/index.ts";

export interface SessionOnDesk extends SessionRow {
  /** Newest first. */
  inside: ChatRow[];
  state: ChatRowState;
  /** When anything last happened in it. */
  active_at: Micros;
  /** Its title, or else what was last said in it. */
  label: string;
}

export interface ProjectOnDesk extends ProjectRow {
  sessions: SessionOnDesk[];
  state: ChatRowState;
}

const newest = (a: { active_at: Micros }, b: { active_at: Micros }) => b.active_at - a.active_at;

/** The desk: projects by name, sessions and chats by when something last happened. Archived sessions are left out. */
export function desk(projects: ProjectRow[], sessions: SessionRow[], chats: ChatRow[]): ProjectOnDesk[] {
  const inside = grouped(chats, (chat) => chat.session);
  const open = sessions.filter((session) => !session.archived);
  const byProject = grouped(open, (session) => session.project);
  return projects
    .map((project) => {
      const own = (byProject.get(project.id) ?? []).map((row) => onDesk(row, inside.get(row.id) ?? []));
      return { ...project, sessions: own.sort(newest), state: worst(own) };
    })
    .sort((a, b) => a.name.localeCompare(b.name) || a.path.localeCompare(b.path));
}

export function chatLabel(chat: Pick<ChatRow, "title" | "last">): string {
  return chat.title || chat.last || "New chat";
}

/** Where a session opens: at the chat in which something happened last, or where its first chat begins. */
export function newestOf({ project, id, inside: [newest] }: SessionOnDesk): Route {
  const base = { project, session: id };
  return newest ? { pane: "chat", ...base, chat: newest.id } : { pane: "session", ...base };
}

function onDesk(session: SessionRow, chats: ChatRow[]): SessionOnDesk {
  const inside = chats.slice().sort((a, b) => b.updated_at - a.updated_at);
  const [first] = inside;
  return {
    ...session,
    inside,
    state: worst(inside),
    active_at: Math.max(session.updated_at, first?.updated_at ?? 0),
    label: session.title || (first ? chatLabel(first) : "New session"),
  };
}

/** What deserves the eye, the most urgent first. */
const URGENT: ChatRowState[] = ["waiting", "running", "failed"];

function worst(of: { state: ChatRowState }[]): ChatRowState {
  return URGENT.find((state) => of.some((it) => it.state === state)) ?? "idle";
}

function grouped<T>(of: T[], key: (it: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const it of of) {
    const group = groups.get(key(it));
    if (group) group.push(it);
    else groups.set(key(it), [it]);
  }
  return groups;
}
