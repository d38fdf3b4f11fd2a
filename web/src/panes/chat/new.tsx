// Where a session or a chat begins: nothing is made before something is said.
import { useState } from "react";
import { chatLabel, type ProjectOnDesk, type SessionOnDesk } from "../../live/desk.ts";
import { uuid7 } from "../../live/ids.ts";
import type { Live } from "../../live/live.ts";
import type { Answer } from "../../live/outbox.ts";
import { useConnection, useDesk, useList, useLive } from "../../live/react.tsx";
import { Ago } from "../../parts/clock.tsx";
import { titleOf as firstWords } from "../../parts/format.ts";
import { OFFLINE, useProviders } from "../../parts/models.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Dot, Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, type Route, useRouter } from "../../routes.tsx";
import { TrustCard } from "../start/trust.tsx";
import { Runs } from "../workflows/runs.tsx";
import { type Draft, EMPTY, useDraft } from "./composer/drafts.ts";
import { Composer } from "./composer/index.tsx";
import { posting } from "./composer/posting.ts";

interface Props {
  project: string;
  session?: string;
}

export function NewChat({ project, session }: Props) {
  const { projects, known } = useDesk();
  const row = projects.find((it) => it.id === project);
  const desk = row?.sessions.find((it) => it.id === session);
  if (!known) return <Skeleton lines={6} />;
  if (!row) return <Missing what="project" />;
  if (session && !desk) return <Missing what="session" />;
  return <Begin key={session ?? project} project={row} session={desk ?? null} />;
}

function Begin({ project, session }: { project: ProjectOnDesk; session: SessionOnDesk | null }) {
  const live = useLive();
  const { go } = useRouter();
  const { phase } = useConnection();
  const { data: providers } = useProviders();
  const [chosen, setChosen] = useState<string | null>(null);
  const [draft, setDraft] = useDraft(session ? `session/${session.id}` : `project/${project.id}`);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const model = chosen ?? session?.model ?? providers?.default_model ?? "";

  const begin = async (sent: Draft): Promise<Answer> => {
    setBusy(true);
    setTrouble(null);
    const { answer, chat, to } = await opened(live, project.id, session?.id ?? null, model, titleOf(sent));
    setBusy(false);
    if (!answer.ok) {
      setTrouble(answer.message);
      return answer;
    }
    void live.command(chat, posting(sent));
    go(to);
    return answer;
  };
  usePaneTitle(session?.label ?? project.name);
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        {session && (
          <>
            <Link
              to={{ pane: "project", project: project.id }}
              className="max-w-40 shrink-0 truncate text-faint hover:text-ink"
            >
              {project.name}
            </Link>
            <span aria-hidden className="text-line-strong">
              /
            </span>
          </>
        )}
        <h1 className="min-w-0 truncate font-semibold">{session?.label ?? project.name}</h1>
        {!session && (
          <span className="min-w-0 truncate font-mono text-faint text-small" title={project.path}>
            {project.path}
          </span>
        )}
        {!session && (
          <>
            <span className="flex-1" />
            <Link
              to={{ pane: "workflows", project: project.id }}
              className="shrink-0 text-faint hover:text-ink"
            >
              Workflows
            </Link>
          </>
        )}
      </PaneHead>
      <div className="mx-auto flex min-h-0 w-full max-w-[46rem] flex-1 flex-col gap-5 overflow-y-auto p-6 pt-[8vh] max-md:p-3 max-md:pt-6">
        <TrustCard project={project} />
        <div>
          {trouble && (
            <div className="mb-1.5">
              <Trouble>{trouble}</Trouble>
            </div>
          )}
          <Composer
            project={project.id}
            draft={draft}
            onDraft={setDraft}
            model={model}
            running={false}
            busy={busy || !model}
            keepUntilAnswered
            placeholder={session ? "Begin another chat in this session" : "What do you want to know or do?"}
            onModel={setChosen}
            onSend={begin}
            onStop={() => undefined}
          />
          {busy && phase !== "live" && (
            <p className="mt-1 text-small text-warn">It is sent when the connection is back.</p>
          )}
          {!session && (
            <Samples
              offline={model === OFFLINE}
              busy={busy || !model}
              onAsk={(text) => begin({ ...EMPTY, text })}
            />
          )}
        </div>
        {session && <RunsOf session={session.id} />}
        {session ? <Chats session={session} /> : <Sessions project={project} />}
      </div>
    </div>
  );
}

/** The workflows that ran in a session. */
function RunsOf({ session }: { session: string }) {
  const runs = useList("runs").rows.filter((run) => run.session === session);
  if (runs.length === 0) return null;
  return (
    <section aria-label="Runs">
      <h2 className="mb-1 text-faint text-small">Runs of workflows</h2>
      <Runs runs={runs} />
    </section>
  );
}

/** The beginning of what is said, or the name of what goes with it. */
function titleOf({ text, attachments: [first] }: Draft): string {
  return firstWords(text) || (first?.name ?? "");
}

/** Opens the chat, and the session where it is the first. The page names both. */
async function opened(live: Live, project: string, inside: string | null, model: string, title: string) {
  const session = inside ?? uuid7();
  const id = uuid7();
  const chat = `chat/${id}`;
  const to: Route = { pane: "chat", project, session, chat: id };
  if (!inside) {
    const answer = await live.command(`session/${session}`, {
      type: "OpenSession",
      project,
      title,
    });
    if (!answer.ok) return { answer, chat, to };
  }
  const answer = await live.command(chat, {
    type: "OpenChat",
    session,
    project,
    title,
    model,
  });
  return { answer, chat, to };
}

const QUESTIONS = ["What is this project, and how is it laid out?", "Where would a newcomer begin to read?"];
const PLAIN = ["list", "read README.md", "search TODO"];

function Samples({ offline, busy, onAsk }: { offline: boolean; busy: boolean; onAsk(text: string): void }) {
  return (
    <ul aria-label="Questions to try" className="mt-2 flex flex-wrap items-center gap-1.5">
      {(offline ? PLAIN : QUESTIONS).map((question) => (
        <li key={question}>
          <button
            type="button"
            disabled={busy}
            onClick={() => onAsk(question)}
            className="h-7 rounded-full border border-line px-3 text-small text-soft hover:border-line-strong hover:bg-hover hover:text-ink max-md:h-9"
          >
            {question}
          </button>
        </li>
      ))}
      {offline && (
        <li className="text-faint text-small">
          <Link to={{ pane: "settings" }} className="underline hover:text-ink">
            The offline model answers: add a key for another
          </Link>
        </li>
      )}
    </ul>
  );
}

function Sessions({ project }: { project: ProjectOnDesk }) {
  if (project.sessions.length === 0) return null;
  return (
    <Lines title="Sessions">
      {project.sessions.map((session) => (
        <Line
          key={session.id}
          to={sessionRoute(session)}
          label={session.label}
          state={session.state}
          at={session.active_at}
        />
      ))}
    </Lines>
  );
}

/** A session with one chat opens at that chat. */
function sessionRoute(session: SessionOnDesk): Route {
  const base = { project: session.project, session: session.id };
  const [only] = session.inside;
  return only && session.inside.length === 1
    ? { pane: "chat", ...base, chat: only.id }
    : { pane: "session", ...base };
}

function Chats({ session }: { session: SessionOnDesk }) {
  if (session.inside.length === 0) return null;
  return (
    <Lines title="Chats in this session">
      {session.inside.map((chat) => (
        <Line
          key={chat.id}
          to={{ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }}
          label={chatLabel(chat)}
          state={chat.state}
          at={chat.updated_at}
        />
      ))}
    </Lines>
  );
}

function Lines({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-1 px-2 font-semibold text-faint text-small">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

interface LineProps {
  to: Route;
  label: string;
  state: SessionOnDesk["state"];
  at: number;
}

function Line({ to, label, state, at }: LineProps) {
  return (
    <li>
      <Link
        to={to}
        className="flex min-h-8 items-center gap-3 rounded-md px-2 hover:bg-hover max-md:min-h-10"
      >
        <span className="min-w-0 flex-1 truncate">{label}</span>
        <Dot state={state} />
        <Ago at={at} className="text-faint text-small" />
      </Link>
    </li>
  );
}

function Missing({ what }: { what: "project" | "session" }) {
  return (
    <div className="flex h-full">
      <Empty title={`There is no such ${what}`}>
        <p>The address names a {what} that this server does not have, or has put away.</p>
        <Link to={{ pane: "home" }} className="text-accent underline">
          Go home
        </Link>
      </Empty>
    </div>
  );
}
