// A project in the rail, with the sessions in which something happened last.
import { ChevronRight, Columns2, FolderMinus, Pencil, Plus, Workflow } from "lucide-react";
import { useState } from "react";
import type { ProjectOnDesk } from "../../../live/desk.ts";
import { useLive } from "../../../live/react.tsx";
import { Confirm, outcomeOf, Rename } from "../../../parts/ask.tsx";
import { iconButtonClass } from "../../../parts/button.tsx";
import { count } from "../../../parts/format.ts";
import { type Action, Menu, WithMenu } from "../../../parts/menu.tsx";
import { Dot } from "../../../parts/status.tsx";
import { recall, remember } from "../../../parts/storage.ts";
import { Link, type Route, useRouter } from "../../../routes.tsx";
import { projectOf, sessionOf } from "../../../workspace/address.ts";
import { Session } from "./session.tsx";

/** So many sessions of a project are listed; those that run and the one that is open always. */
const NEWEST = 8;

const CLOSED = "rail-closed";
const closed = (): string[] => recall<string[]>(CLOSED, Array.isArray) ?? [];

interface Props {
  project: ProjectOnDesk;
  /** It shows what was looked for: all of it. */
  narrowed: boolean;
}

export function Project({ project, narrowed }: Props) {
  const { route, go } = useRouter();
  const [open, setOpen] = useState(() => !closed().includes(project.id));
  const [asking, setAsking] = useState<"rename" | "remove" | null>(null);
  const to: Route = { pane: "project", project: project.id };
  const here = route.pane === "project" && route.project === project.id;
  const shown = narrowed
    ? project.sessions
    : project.sessions.filter(
        (session, index) => index < NEWEST || session.state === "running" || session.id === sessionOf(route),
      );
  const more = project.sessions.length - shown.length;
  const toggle = () => {
    const others = closed().filter((id) => id !== project.id);
    remember(CLOSED, open ? [...others, project.id] : others);
    setOpen(!open);
  };
  const unfolded = open || narrowed;
  const actions: Action[] = [
    { label: "New session", icon: Plus, run: () => go(to) },
    { label: "Workflows", icon: Workflow, run: () => go({ pane: "workflows", project: project.id }) },
    { label: "Open beside", icon: Columns2, run: () => go(to, "beside") },
    { label: "Rename", icon: Pencil, run: () => setAsking("rename") },
    { label: "Remove", icon: FolderMinus, run: () => setAsking("remove"), danger: true },
  ];
  return (
    <section aria-label={project.name} className="group/project mt-3 first:mt-1">
      <WithMenu
        actions={actions}
        render={
          <div className={`relative flex items-center rounded-md ${here ? "bg-chosen" : "hover:bg-hover"}`} />
        }
      >
        <button
          type="button"
          data-toggle
          aria-expanded={unfolded}
          aria-label={`Sessions of ${project.name}`}
          onClick={toggle}
          className="flex h-7 w-6 shrink-0 items-center justify-center text-faint hover:text-ink max-md:h-10 max-md:w-8"
        >
          <ChevronRight size={13} className={unfolded ? "rotate-90" : ""} aria-hidden />
        </button>
        <Link
          to={to}
          row
          title={project.path}
          current={here}
          className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-md pr-1 font-semibold text-small text-soft hover:text-ink max-md:h-10"
        >
          <span className="truncate">{project.name}</span>
          {!unfolded && <Dot state={project.state} />}
        </Link>
        <Menu
          label={`Actions for ${project.name}`}
          className="opacity-0 focus-visible:opacity-100 group-hover/project:opacity-100 data-popup-open:opacity-100 max-md:opacity-100"
          actions={actions}
        />
        <Link to={to} className={iconButtonClass} title="New session">
          <Plus size={15} aria-label={`New session in ${project.name}`} />
        </Link>
      </WithMenu>
      {unfolded && (
        <ul>
          {shown.map((session) => (
            <Session key={session.id} session={session} narrowed={narrowed} />
          ))}
        </ul>
      )}
      {unfolded && more > 0 && (
        <Link
          to={to}
          row
          className="flex h-7 items-center rounded-md px-2 pl-6 text-faint text-small hover:bg-hover hover:text-ink max-md:h-10"
        >
          {count(more)} more
        </Link>
      )}
      {asking && <Asked project={project} asking={asking} onClose={() => setAsking(null)} />}
    </section>
  );
}

interface AskedProps {
  project: ProjectOnDesk;
  asking: "rename" | "remove";
  onClose(): void;
}

function Asked({ project, asking, onClose }: AskedProps) {
  const live = useLive();
  const { route, go } = useRouter();
  if (asking === "rename")
    return (
      <Rename
        title="Rename the project"
        name={project.name}
        onClose={onClose}
        save={(name) => outcomeOf(live.command(project.stream, { type: "RenameProject", name }))}
      />
    );
  return (
    <Confirm
      title={`Remove ${project.name}?`}
      text="It leaves this list. Nothing in the folder is touched, and adding the folder again brings its sessions back."
      action="Remove"
      onClose={onClose}
      act={async () => {
        const refused = await outcomeOf(live.command(project.stream, { type: "RemoveProject" }));
        if (refused === null && projectOf(route) === project.id) go({ pane: "home" });
        return refused;
      }}
    />
  );
}
