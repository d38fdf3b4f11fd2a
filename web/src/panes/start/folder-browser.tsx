// Folders of the machine that the server runs on: by path, or step by step, with mouse or keys.
import { CornerLeftUp, Eye, EyeOff, Folder, FolderGit2, House } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button, IconButton } from "../../parts/button.tsx";
import { useRead } from "../../parts/read.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import type { Directories, Directory } from "../../wire/index.ts";

interface Props {
  busy: boolean;
  onChoose(path: string): void;
}

export function FolderBrowser({ busy, onChoose }: Props) {
  const [path, setPath] = useState("");
  const [typed, setTyped] = useState<string | null>(null);
  const [came, setCame] = useState("");
  const [hidden, setHidden] = useState(false);
  const { data, error } = useRead<Directories>(
    `/api/directories${path && `?path=${encodeURIComponent(path)}`}`,
  );
  const field = useId();
  const go = (to: string) => {
    setCame(data?.path ?? "");
    setTyped(null);
    setPath(to);
  };
  const here = typed ?? data?.path ?? "";
  const entries = data?.entries.filter((entry) => hidden || !entry.hidden) ?? [];
  return (
    <section aria-label="Choose a folder" className="flex flex-col gap-2">
      <form
        className="flex items-center gap-1"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== null) go(typed.trim());
        }}
      >
        <label htmlFor={field} className="sr-only">
          Folder
        </label>
        <input
          id={field}
          value={here}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
          className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-raised px-2 font-mono text-code"
        />
        <IconButton
          label="Your home folder"
          disabled={!data?.home}
          onClick={() => data?.home && go(data.home)}
        >
          <House size={15} aria-hidden />
        </IconButton>
        <IconButton
          label={hidden ? "Hide hidden folders" : "Show hidden folders"}
          aria-pressed={hidden}
          onClick={() => setHidden(!hidden)}
        >
          {hidden ? <EyeOff size={15} aria-hidden /> : <Eye size={15} aria-hidden />}
        </IconButton>
      </form>
      {error && <Trouble>{error.message}</Trouble>}
      {data ? (
        <Entries at={data} entries={entries} came={came} onOpen={go} />
      ) : (
        !error && <Skeleton lines={6} label="Loading folders" />
      )}
      <div className="flex items-start justify-between gap-3">
        <p className="min-w-0 text-faint text-small max-md:invisible">
          {data?.truncated
            ? "There are more folders than are listed: write the path."
            : "Enter opens a folder, Backspace goes up."}
        </p>
        <Button
          look="primary"
          disabled={busy || !data || typed !== null}
          onClick={() => data && onChoose(data.path)}
        >
          Use {data ? nameOf(data.path) : "this folder"}
        </Button>
      </div>
    </section>
  );
}

interface EntriesProps {
  at: Directories;
  entries: Directory[];
  /** The folder that was left: going up, it is the one that is marked. */
  came: string;
  onOpen(path: string): void;
}

function Entries({ at, entries, came, onOpen }: EntriesProps) {
  const parent = at.parent ?? null;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const rows = [...(parent === null ? [] : [{ name: "..", path: parent, project_like: false }]), ...entries];
  const [marked, setMarked] = useState({ path: "", index: 0 });
  const setActive = (index: number) => setMarked({ path: at.path, index });
  const left = rows.findIndex((row) => row.path === came && row.name !== "..");
  const first = left >= 0 ? left : parent === null ? 0 : 1;
  const current = Math.min(marked.path === at.path ? marked.index : first, rows.length - 1);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const press = (event: KeyboardEvent) => {
    const to = moved(event.key, current, rows.length);
    if (to !== null) setActive(to);
    else if (event.key === "Enter" && rows[current]) onOpen(rows[current].path);
    else if (event.key === "Backspace" && parent !== null) onOpen(parent);
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const letter = event.key.toLowerCase();
      const after = [...rows.keys()].map((step) => (current + 1 + step) % rows.length);
      const found = after.find((index) => rows[index]?.name.toLowerCase().startsWith(letter));
      if (found === undefined) return;
      setActive(found);
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={list}
      role="listbox"
      aria-label={`Folders in ${at.path}`}
      aria-activedescendant={rows.length > 0 ? `${id}-${current}` : undefined}
      tabIndex={0}
      onKeyDown={press}
      className="group/list h-72 overflow-y-auto rounded-md border border-line bg-raised p-1"
    >
      {rows.length === 0 && <p className="p-2 text-faint">There are no folders in here.</p>}
      {rows.map((row, index) => {
        const Icon = row.name === ".." ? CornerLeftUp : row.project_like ? FolderGit2 : Folder;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it takes the keys
          <div
            key={row.path}
            id={`${id}-${index}`}
            data-index={index}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            onClick={() => onOpen(row.path)}
            className={`flex h-7 cursor-pointer select-none items-center gap-2 rounded-sm px-2 max-md:h-10 ${index === current ? "hover:bg-hover group-focus/list:bg-chosen" : "hover:bg-hover"}`}
          >
            <Icon size={15} className={row.project_like ? "text-accent" : "text-faint"} aria-hidden />
            <span className="min-w-0 flex-1 truncate">{row.name === ".." ? "Up one folder" : row.name}</span>
            {row.project_like && <span className="text-faint text-tiny">looks like a project</span>}
          </div>
        );
      })}
    </div>
  );
}

/** The last part of a path, in quotes; the root is named by its path. */
function nameOf(path: string): string {
  return `“${path.split("/").at(-1) || path}”`;
}

/** Where a key leads in a list, or null if it does not lead anywhere. */
function moved(key: string, from: number, length: number): number | null {
  const last = Math.max(0, length - 1);
  switch (key) {
    case "ArrowDown":
      return Math.min(last, from + 1);
    case "ArrowUp":
      return Math.max(0, from - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageDown":
      return Math.min(last, from + 10);
    case "PageUp":
      return Math.max(0, from - 10);
    default:
      return null;
  }
}
