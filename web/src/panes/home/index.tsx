// The start: what runs, what waits for me, what has ended since I last looked, and where I left off.
import { FolderPlus } from "lucide-react";
import type { ReactNode } from "react";
import { chatLabel, newestOf, type ProjectOnDesk, type SessionOnDesk } from "../../live/desk.ts";
import { useDesk, useList } from "../../live/react.tsx";
import { isUnread, useSeen } from "../../live/seen.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { plural } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Dot, Mark, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, type Route } from "../../routes.tsx";
import type { ChatRow, ChatRowState, RunRow } from "../../wire/index.ts";
import { Welcome } from "../start/index.tsx";
import { listsOf } from "./lists.ts";
import { Today } from "./today.tsx";

/** The start; before there is a project, it is where one is chosen. */
export function Home() {
  const { projects, known, trouble } = useDesk();
  if (!known)
    return (
      <div className="flex h-full flex-col">
        <PaneHead>
          <h1 className="font-semibold">Home</h1>
        </PaneHead>
        {trouble ? (
          <div className="p-4">
            <Trouble>{trouble}</Trouble>
          </div>
        ) : (
          <Skeleton lines={6} />
        )}
      </div>
    );
  return projects.length > 0 ? <Start projects={projects} /> : <Welcome />;
}

function Start({ projects }: { projects: ProjectOnDesk[] }) {
  usePaneTitle("Home");
  const { running, waiting, finished, recent } = listsOf(projects, useSeen());
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const runs = useList("runs").rows.filter((run) => !run.ended_at);
  const calm = running.length + waiting.length + finished.length + runs.length === 0;
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="mr-auto font-semibold">Home</h1>
        <Today />
      </PaneHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-3xl flex-col gap-7 p-6 max-md:p-4">
          {calm && <p className="px-2 text-soft">Nothing runs, and nothing waits for you.</p>}
          <Runs runs={runs} names={names} />
          <Chats title="Running" chats={running} names={names} />
          <Chats title="Waiting for you" chats={waiting} names={names} />
          <Chats title="Finished since you last looked" chats={finished} names={names} />
          {recent.length > 0 && (
            <Section title="Recent sessions">
              {recent.map((session) => (
                <SessionLine key={session.id} session={session} project={names.get(session.project) ?? ""} />
              ))}
            </Section>
          )}
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

interface LineProps {
  to: Route;
  state: ChatRowState;
  news: boolean;
  label: string;
  /** Where it belongs. */
  detail: string;
  at: number;
}

const line = "flex min-h-9 items-center gap-3 rounded-md px-2 py-1 hover:bg-hover max-md:min-h-11";

function Line({ to, state, news, label, detail, at }: LineProps) {
  return (
    <li>
      <Link to={to} className={line}>
        <span className="flex w-2 shrink-0 justify-center">
          <Mark state={state} news={news} />
        </span>
        <span className={`min-w-0 flex-1 truncate ${news ? "font-semibold" : ""}`}>{label}</span>
        <span className="max-w-40 truncate text-faint text-small max-md:max-w-24">{detail}</span>
        <Ago at={at} className="w-12 text-right text-faint text-small" />
      </Link>
    </li>
  );
}

function Chats({ title, chats, names }: { title: string; chats: ChatRow[]; names: Map<string, string> }) {
  const seen = useSeen();
  if (chats.length === 0) return null;
  return (
    <Section title={title}>
      {chats.map((chat) => (
        <Line
          key={chat.id}
          to={{ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }}
          state={chat.state}
          news={isUnread(chat, seen)}
          label={chatLabel(chat)}
          detail={names.get(chat.project) ?? ""}
          at={chat.updated_at}
        />
      ))}
    </Section>
  );
}

/** Workflows that have not ended; those with a question first. */
function Runs({ runs, names }: { runs: RunRow[]; names: Map<string, string> }) {
  if (runs.length === 0) return null;
  return (
    <Section title="Workflows">
      {runs
        .toSorted((a, b) => b.questions - a.questions || b.requested_at - a.requested_at)
        .map((run) => (
          <Line
            key={run.id}
            to={{ pane: "run", project: run.project, session: run.session, run: run.id }}
            state={run.questions > 0 ? "waiting" : run.state === "running" ? "running" : "idle"}
            news={false}
            label={run.workflow}
            detail={run.questions > 0 ? "waits for you" : (names.get(run.project) ?? "")}
            at={run.requested_at}
          />
        ))}
    </Section>
  );
}

function SessionLine({ session, project }: { session: SessionOnDesk; project: string }) {
  const seen = useSeen();
  return (
    <Line
      to={newestOf(session)}
      state={session.state}
      news={session.inside.some((chat) => isUnread(chat, seen))}
      label={session.label}
      detail={project}
      at={session.active_at}
    />
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
