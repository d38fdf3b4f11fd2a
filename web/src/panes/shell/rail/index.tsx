// The rail: projects with their sessions, and the chats of the session that is open.
import { Archive, FolderPlus, House, PanelLeft, Search } from "lucide-react";
import { useState } from "react";
import type { ProjectOnDesk } from "../../../live/desk.ts";
import { useDesk } from "../../../live/react.tsx";
import { isUnread, useSeen } from "../../../live/seen.ts";
import { IconButton, iconButtonClass } from "../../../parts/button.tsx";
import { shownKeys } from "../../../parts/keys.ts";
import { Mark, Skeleton, Trouble } from "../../../parts/status.tsx";
import { Link } from "../../../routes.tsx";
import { arrows } from "./arrows.ts";
import { filtered } from "./filter.ts";
import { Project } from "./project.tsx";

interface Props {
  folded?: boolean;
  onFold?(): void;
  /** Opens the palette. */
  onFind(): void;
  /** On a phone: the rail is the pane. */
  browsing?: boolean;
}

export function Rail({ folded = false, onFold, onFind, browsing = false }: Props) {
  if (folded) return <FoldedRail onFold={onFold} onFind={onFind} />;
  const place = browsing ? "h-full w-full" : "w-64 border-line border-r max-md:hidden";
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
          <IconButton label={`Fold the rail (${shownKeys("Mod+B").join(" ")})`} onClick={onFold}>
            <PanelLeft size={15} aria-hidden />
          </IconButton>
        )}
      </div>
      <Lists />
    </nav>
  );
}

function Lists() {
  const { projects, known, rebuilding, trouble } = useDesk();
  const [query, setQuery] = useState("");
  const shown = filtered(projects, query);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go between the links in it
    <div data-rail onKeyDown={arrows} className="flex min-h-0 flex-1 flex-col">
      {projects.length > 0 && (
        <input
          type="search"
          aria-label="Filter projects, sessions and chats"
          placeholder="Filter"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || query === "") return;
            event.preventDefault();
            setQuery("");
          }}
          className="mx-2 mb-1 h-7 shrink-0 rounded-md border border-line bg-ground px-2 text-small max-md:h-10 max-md:text-[1rem]"
        />
      )}
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
        {known && projects.length > 0 && shown.length === 0 && (
          <p className="px-2 py-1 text-faint">Nothing is called so.</p>
        )}
        {shown.map((project) => (
          <Project key={project.id} project={project} narrowed={query.trim() !== ""} />
        ))}
        {known && projects.length > 0 && (
          <Link
            to={{ pane: "archive" }}
            row
            className="mt-3 flex h-7 items-center gap-1.5 rounded-md px-2 text-faint text-small hover:bg-hover hover:text-ink max-md:h-10"
          >
            <Archive size={13} aria-hidden />
            Archived
          </Link>
        )}
      </div>
    </div>
  );
}

function FoldedRail({ onFold, onFind }: { onFold: Props["onFold"] | undefined; onFind(): void }) {
  const { projects } = useDesk();
  return (
    <nav
      aria-label="Projects"
      onKeyDown={arrows}
      className="flex w-11 shrink-0 flex-col items-center gap-1 overflow-y-auto border-line border-r bg-rail py-2 max-md:hidden"
    >
      <IconButton label={`Unfold the rail (${shownKeys("Mod+B").join(" ")})`} onClick={onFold}>
        <PanelLeft size={15} aria-hidden />
      </IconButton>
      <IconButton label={`Find anything (${shownKeys("Mod+K").join(" ")})`} onClick={onFind}>
        <Search size={15} aria-hidden />
      </IconButton>
      <Link to={{ pane: "home" }} row className={iconButtonClass} title="Home">
        <House size={15} aria-label="Home" />
      </Link>
      {projects.map((project) => (
        <FoldedProject key={project.id} project={project} />
      ))}
    </nav>
  );
}

function FoldedProject({ project }: { project: ProjectOnDesk }) {
  const seen = useSeen();
  const news = project.sessions.some(({ inside }) => inside.some((chat) => isUnread(chat, seen)));
  return (
    <Link
      to={{ pane: "project", project: project.id }}
      row
      className={`${iconButtonClass} relative font-semibold text-small`}
      title={project.name}
    >
      <span aria-hidden>{project.name.slice(0, 2)}</span>
      <span className="sr-only">{project.name}</span>
      <span className="-top-0.5 -right-0.5 absolute flex">
        <Mark state={project.state} news={news} />
      </span>
    </Link>
  );
}
