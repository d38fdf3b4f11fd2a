// The rail narrowed to what is looked for.
import { chatLabel, type ProjectOnDesk, type SessionOnDesk } from "../../../live/desk.ts";
import { fuzzy } from "../../../parts/fuzzy.ts";

/** Of each project the sessions that fit, and in them the chats that fit; all of what fits as a whole. */
export function filtered(projects: readonly ProjectOnDesk[], query: string): ProjectOnDesk[] {
  const wanted = query.trim();
  if (wanted === "") return [...projects];
  return projects.flatMap((project) => {
    const whole = fuzzy(wanted, project.name) !== null;
    const sessions = whole
      ? project.sessions
      : project.sessions.flatMap((session) => narrowed(session, wanted) ?? []);
    return whole || sessions.length > 0 ? [{ ...project, sessions }] : [];
  });
}

function narrowed(session: SessionOnDesk, wanted: string): SessionOnDesk | null {
  if (fuzzy(wanted, session.label)) return session;
  const inside = session.inside.filter((chat) => fuzzy(wanted, chatLabel(chat)));
  return inside.length > 0 ? { ...session, inside } : null;
}
