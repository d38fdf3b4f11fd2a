// The start: what runs, what went wrong, and where one left off.
import { FolderPlus } from "lucide-react";
import type { ReactNode } from "react";
import { chatLabel, type ProjectOnDesk } from "../../live/desk.ts";
import { useDesk } from "../../live/react.tsx";
import { isUnread, useSeen } from "../../live/seen.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { plural } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Dot, Mark, Skeleton } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { ChatRow } from "../../wire/index.ts";
import { Welcome } from "../start/index.tsx";

const RECENT = 12;

/** The start; before there is a project, it is where one is chosen. */
export function Home() {
  const { projects, known } = useDesk();
  if (!known) return <Skeleton lines={6} />;
  return projects.length > 0 ? <Start projects={projects} /> : <Welcome />;
}

function Start({ projects }: { projects: ProjectOnDesk[] }) {
  usePaneTitle("Home");
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const chats = projects
    .flatMap((project) => project.sessions.flatMap((session) => session.inside))
    .sort((a, b) => b.updated_at - a.updated_at);
  const running = chats.filter((chat) => chat.state === "running");
  const failed = chats.filter((chat) => chat.state === "failed").slice(0, RECENT);
  const rest = chats.filter((chat) => chat.state === "idle" || chat.state === "cancelled").slice(0, RECENT);
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="font-semibold">Start</h1>
      </PaneHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-3xl flex-col gap-7 p-6 max-md:p-4">
          <Chats title="Running" chats={running} names={names} />
          <Chats title="Failed" chats={failed} names={names} />
          <Chats title="Recent" chats={rest} names={names} />
          <Section title="Projects">
            {projects.map((project) => (
              <ProjectLine key={project.id} project={project} />
            ))}
          </Section>
          <Link to={{ pane: "add" }} className={`${buttonClass("plain")} self-start`}>
            <FolderPlus size={15} aria-hidden />
            Add a project
          </Link>
        </div>
      </div>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-1 px-2 font-semibold text-faint text-small">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

const line = "flex min-h-9 items-center gap-3 rounded-md px-2 py-1 hover:bg-hover";

function Chats({ title, chats, names }: { title: string; chats: ChatRow[]; names: Map<string, string> }) {
  const seen = useSeen();
  if (chats.length === 0) return null;
  return (
    <Section title={title}>
      {chats.map((chat) => (
        <li key={chat.id}>
          <Link
            to={{ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }}
            className={line}
          >
            <span className="flex w-2 shrink-0 justify-center">
              <Mark state={chat.state} news={isUnread(chat, seen)} />
            </span>
            <span className={`min-w-0 flex-1 truncate ${isUnread(chat, seen) ? "font-semibold" : ""}`}>
              {chatLabel(chat)}
            </span>
            <span className="max-w-40 truncate text-faint text-small">{names.get(chat.project)}</span>
            <Ago at={chat.updated_at} className="w-12 text-right text-faint text-small" />
          </Link>
        </li>
      ))}
    </Section>
  );
}

function ProjectLine({ project }: { project: ProjectOnDesk }) {
  return (
    <li>
      <Link to={{ pane: "project", project: project.id }} className={line}>
        <span className="flex w-2 shrink-0 justify-center">
          <Dot state={project.state} />
        </span>
        <span className="shrink-0 font-medium">{project.name}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-faint text-small">{project.path}</span>
        <span className="text-faint text-small max-md:hidden">
          {plural(project.sessions.length, "session")}
        </span>
      </Link>
    </li>
  );
}
