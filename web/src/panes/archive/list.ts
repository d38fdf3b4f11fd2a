// What was put away, the last first.
import { chatLabel } from "../../live/desk.ts";
import type { Route } from "../../routes.tsx";
import type { ChatRow, Micros, ProjectRow, SessionRow } from "../../wire/index.ts";

export interface PutAway {
  kind: "session" | "chat";
  stream: string;
  label: string;
  /** The name of its project. */
  project: string;
  at: Micros;
  to: Route;
}

/** Sessions that were put away, and chats that were put away out of sessions that were not. */
export function putAway(
  projects: readonly ProjectRow[],
  sessions: readonly SessionRow[],
  chats: readonly ChatRow[],
): PutAway[] {
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const away = new Set(sessions.filter((session) => session.archived).map((session) => session.id));
  const inside = (session: string) =>
    chats.filter((chat) => chat.session === session).sort((a, b) => b.updated_at - a.updated_at)[0];
  const ofSessions = sessions
    .filter((session) => session.archived)
    .map((session): PutAway => {
      const { project, id, stream, title, updated_at: at } = session;
      const newest = inside(id);
      return {
        kind: "session",
        stream,
        label: title || (newest ? chatLabel(newest) : "Session"),
        project: names.get(project) ?? "",
        at,
        to: newest
          ? { pane: "chat", project, session: id, chat: newest.id }
          : { pane: "session", project, session: id },
      };
    });
  const ofChats = chats
    .filter((chat) => chat.archived && !away.has(chat.session))
    .map((chat): PutAway => {
      const { project, session, id, stream, updated_at: at } = chat;
      const to: Route = { pane: "chat", project, session, chat: id };
      return { kind: "chat", stream, label: chatLabel(chat), project: names.get(project) ?? "", at, to };
    });
  return [...ofSessions, ...ofChats].sort((a, b) => b.at - a.at);
}
