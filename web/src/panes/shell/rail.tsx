// The rail: projects with their sessions, and the chats of the session that is open.
import { Archive, FolderMinus, FolderPlus, House, PanelLeft, Pencil, Plus, Search } from "lucide-react";
import { useState } from "react";
import { chatLabel, newestOf, type ProjectOnDesk, type SessionOnDesk } from "../../live/desk.ts";
import { useDesk, useLive } from "../../live/react.tsx";
import { isUnread, useSeen } from "../../live/seen.ts";
import { Confirm, outcomeOf, Rename } from "../../parts/ask.tsx";
import { IconButton, iconButtonClass } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { count } from "../../parts/format.ts";
import { shownKeys } from "../../parts/keys.ts";
import { Menu } from "../../parts/menu.tsx";
import { Dot, Mark, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, useRouter } from "../../routes.tsx";
import type { ChatRow } from "../../wire/index.ts";

/** So many sessions of a project are listed; those that run and the one that is open always. */
const NEWEST = 8;

interface Props {
  folded?: boolean;
  onFold?(): void;
  /** Opens the palette. */
  onFind(): void;
  /** On a phone: the rail is the pane. */
  browsing?: boolean;
}

export function Rail({ folded = false, onFold, onFind, browsing = false }: Props) {
  const { projects, known, rebuilding, trouble } = useDesk();
  const place = browsing ? "h-full w-full" : "w-64 border-line border-r max-md:hidden";
  if (folded) return <FoldedRail projects={projects} onFold={onFold} />;
  return (
    <nav aria-label="Projects and sessions" className={`flex shrink-0 flex-col bg-rail ${place}`}>
      <div className="flex h-11 shrink-0 items-center gap-1 px-2">
        <Link to={{ pane: "home" }} className="flex min-w-0 flex-1 items-center gap-2 rounded-md px-1.5 py-1">
          <img src="/icon.svg" alt="" className="size-5" />
          <span className="font-semibold">Reenact</span>
        </Link>
        <IconButton label={`Find anything (${shownKeys("Mod+K").join(" ")})`} onClick={onFind}>
          <Search size={15} aria-hidden />
        </IconButton>
        <Link to={{ pane: "add" }} className={iconButtonClass} title="Add a project">
          <FolderPlus size={15} aria-label="Add a project" />
        </Link>
        {onFold && (
          <IconButton label="Fold the rail" onClick={onFold}>
            <PanelLeft size={15} aria-hidden />
          </IconButton>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {trouble && <Trouble>{trouble}</Trouble>}
        {rebuilding && (
          <p role="status" className="px-2 py-1 text-small text-warn">
            The server is making its lists anew: what you look for may be missing here for a while. Nothing is
            lost.
          </p>
        )}
        {!known && !trouble && <Skeleton lines={6} label="Loading projects" />}
        {known && projects.length === 0 && (
          <p className="px-2 py-1 text-faint">No projects yet. Choose a folder to begin.</p>
        )}
        {projects.map((project) => (
          <Project key={project.id} project={project} />
        ))}
      </div>
    </nav>
  );
}

function FoldedRail({ projects, onFold }: { projects: ProjectOnDesk[]; onFold: Props["onFold"] }) {
  return (
    <nav
      aria-label="Projects"
      className="flex w-11 shrink-0 flex-col items-center gap-1 overflow-y-auto border-line border-r bg-rail py-2 max-md:hidden"
    >
      <IconButton label="Unfold the rail" onClick={onFold}>
        <PanelLeft size={15} aria-hidden />
      </IconButton>
      <Link to={{ pane: "home" }} className={iconButtonClass} title="Start">
        <House size={15} aria-label="Start" />
      </Link>
      {projects.map((project) => (
        <Link
          key={project.id}
          to={{ pane: "project", project: project.id }}
          className={`${iconButtonClass} relative font-semibold text-small`}
          title={project.name}
        >
          <span aria-hidden>{project.name.slice(0, 2)}</span>
          <span className="sr-only">{project.name}</span>
          <span className="-top-0.5 -right-0.5 absolute">
            <Dot state={project.state} />
          </span>
        </Link>
      ))}
    </nav>
  );
}

function Project({ project }: { project: ProjectOnDesk }) {
  const { route, go } = useRouter();
  const live = useLive();
  const [asking, setAsking] = useState<"rename" | "remove" | null>(null);
  const here = "project" in route && route.project === project.id;
  const close = () => setAsking(null);
  const shown = project.sessions.filter(
    (session, index) =>
      index < NEWEST || session.state === "running" || ("session" in route && session.id === route.session),
  );
  const more = project.sessions.length - shown.length;
  return (
    <section aria-label={project.name} className="group/project mt-3 first:mt-1">
      <div className={`flex items-center rounded-md ${here && route.pane === "project" ? "bg-chosen" : ""}`}>
        <Link
          to={{ pane: "project", project: project.id }}
          title={project.path}
          current={here && route.pane === "project"}
          className="flex h-7 min-w-0 flex-1 items-center gap-1.5 rounded-md px-2 font-semibold text-small text-soft hover:text-ink max-md:h-10"
        >
          <span className="truncate">{project.name}</span>
        </Link>
        <Menu
          label={`Actions for ${project.name}`}
          className="opacity-0 focus-visible:opacity-100 group-hover/project:opacity-100 data-popup-open:opacity-100 max-md:opacity-100"
          actions={[
            { label: "Rename", icon: Pencil, run: () => setAsking("rename") },
            { label: "Remove", icon: FolderMinus, run: () => setAsking("remove"), danger: true },
          ]}
        />
        <Link to={{ pane: "project", project: project.id }} className={iconButtonClass} title="New session">
          <Plus size={15} aria-label={`New session in ${project.name}`} />
        </Link>
      </div>
      <ul>
        {shown.map((session) => (
          <Session key={session.id} session={session} />
        ))}
      </ul>
      {more > 0 && (
        <Link
          to={{ pane: "project", project: project.id }}
          className="flex h-7 items-center rounded-md px-2 text-faint text-small hover:bg-hover hover:text-ink max-md:h-10"
        >
          {count(more)} more
        </Link>
      )}
      {asking === "rename" && (
        <Rename
          title="Rename the project"
          name={project.name}
          onClose={close}
          save={(name) => outcomeOf(live.command(project.stream, { type: "RenameProject", name }))}
        />
      )}
      {asking === "remove" && (
        <Confirm
          title={`Remove ${project.name}?`}
          text="It leaves this list. Nothing in the folder is touched, and adding the folder again brings its sessions back."
          action="Remove"
          onClose={close}
          act={async () => {
            const refused = await outcomeOf(live.command(project.stream, { type: "RemoveProject" }));
            if (refused === null && here) go({ pane: "home" });
            return refused;
          }}
        />
      )}
    </section>
  );
}

function Session({ session }: { session: SessionOnDesk }) {
  const { route, go } = useRouter();
  const live = useLive();
  const [renaming, setRenaming] = useState(false);
  const here = "session" in route && route.session === session.id;
  const seen = useSeen();
  const news = session.inside.some((chat) => isUnread(chat, seen));
  const to = newestOf(session);
  const several = session.inside.length > 1;
  const chosen = here && !(several && route.pane === "chat");
  return (
    <li>
      <div
        className={`group/session flex items-center rounded-md ${chosen ? "bg-chosen" : "hover:bg-hover"}`}
      >
        <Link
          to={to}
          current={chosen}
          title={session.label}
          className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-md px-2 max-md:h-10"
        >
          <span className={`min-w-0 flex-1 truncate ${news ? "font-semibold" : ""}`}>{session.label}</span>
          <Mark state={session.state} news={news} />
          <Ago
            at={session.active_at}
            className="text-faint text-tiny group-focus-within/session:hidden group-hover/session:hidden max-md:inline!"
          />
        </Link>
        <span className="hidden group-focus-within/session:flex group-hover/session:flex max-md:flex has-data-popup-open:flex">
          <Menu
            label={`Actions for ${session.label}`}
            actions={[
              {
                label: "New chat",
                icon: Plus,
                run: () => go({ pane: "session", project: session.project, session: session.id }),
              },
              { label: "Rename", icon: Pencil, run: () => setRenaming(true) },
              {
                label: "Archive",
                icon: Archive,
                run: () => {
                  void live.command(session.stream, { type: "ArchiveSession" });
                  if (here) go({ pane: "project", project: session.project });
                },
              },
            ]}
          />
        </span>
      </div>
      {here && several && (
        <ul className="mt-px mb-1 ml-2.5 border-line border-l pl-1.5">
          {session.inside.map((chat) => (
            <Chat key={chat.id} chat={chat} />
          ))}
        </ul>
      )}
      {renaming && (
        <Rename
          title="Rename the session"
          name={session.label}
          onClose={() => setRenaming(false)}
          save={(title) => outcomeOf(live.command(session.stream, { type: "RenameSession", title }))}
        />
      )}
    </li>
  );
}

function Chat({ chat }: { chat: ChatRow }) {
  const { route } = useRouter();
  const here = route.pane === "chat" && route.chat === chat.id;
  const news = isUnread(chat, useSeen());
  return (
    <li>
      <Link
        to={{ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }}
        current={here}
        className={`flex h-6.5 items-center gap-2 rounded-md px-2 text-small max-md:h-10 ${here ? "bg-chosen" : "text-soft hover:bg-hover"}`}
      >
        <span className={`min-w-0 flex-1 truncate ${news ? "font-semibold text-ink" : ""}`}>
          {chatLabel(chat)}
        </span>
        <Mark state={chat.state} news={news} />
      </Link>
    </li>
  );
}
