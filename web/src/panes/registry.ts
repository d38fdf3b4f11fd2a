// Every pane that there is: its address, what it is called, and what draws it. A new pane is a folder and a line here.
import {
  Archive,
  Diff,
  FolderPlus,
  History,
  House,
  type LucideIcon,
  MessageSquare,
  Settings,
  SquareCode,
  SquarePen,
  Workflow,
} from "lucide-react";
import type { ComponentType } from "react";

/** The names that vary in a path: `/p/:project/s/:session` has `project` and `session`, those with `?` may be absent. */
type Names<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | Names<More>
    : Rest
  : never;

export type Params<Path extends string> = {
  [N in Names<Path> as N extends `${string}?` ? never : N]: string;
} & { [N in Names<Path> as N extends `${infer Name}?` ? Name : never]?: string };

/** What the frame knows of a pane. */
export interface PaneKind<Path extends string = string> {
  /** Its address, with `:name` for what varies and `:name?` for what may be absent. */
  path: Path;
  /** What it is called while nothing more is known. */
  label: string;
  icon: LucideIcon;
  /** Loads what draws it; it is given what varies in its address, and `at` where that names a past revision. */
  load(): Promise<ComponentType<Params<Path> & { at?: number }>>;
}

const pane = <Path extends string>(
  path: Path,
  label: string,
  icon: LucideIcon,
  load: PaneKind<Path>["load"],
): PaneKind<Path> => ({ path, label, icon, load });

export const PANES = {
  home: pane("/", "Home", House, () => import("./home/index.tsx").then((it) => it.Home)),
  add: pane("/add", "Add a project", FolderPlus, () =>
    import("./start/index.tsx").then((it) => it.AddProject),
  ),
  archive: pane("/archived", "Archived", Archive, () =>
    import("./archive/index.tsx").then((it) => it.ArchivePane),
  ),
  settings: pane("/settings/:section?", "Settings", Settings, () =>
    import("./settings/index.tsx").then((it) => it.Settings),
  ),
  project: pane("/p/:project", "New session", SquarePen, () =>
    import("./chat/new.tsx").then((it) => it.NewChat),
  ),
  session: pane("/p/:project/s/:session", "New chat", SquarePen, () =>
    import("./chat/new.tsx").then((it) => it.NewChat),
  ),
  workflows: pane("/p/:project/workflows", "Workflows", Workflow, () =>
    import("./workflows/index.tsx").then((it) => it.WorkflowsPane),
  ),
  editor: pane("/p/:project/workflows/edit/:workflow?", "Edit a workflow", SquareCode, () =>
    import("./editor/index.tsx").then((it) => it.EditorPane),
  ),
  run: pane("/p/:project/s/:session/r/:run", "Run", Workflow, () =>
    import("./run/index.tsx").then((it) => it.RunPane),
  ),
  compare: pane("/p/:project/s/:session/r/:run/with/:other", "Two runs", Diff, () =>
    import("./compare/index.tsx").then((it) => it.ComparePane),
  ),
  chat: pane("/p/:project/s/:session/c/:chat", "Chat", MessageSquare, () =>
    import("./chat/index.tsx").then((it) => it.ChatPane),
  ),
  replay: pane("/p/:project/s/:session/c/:chat/replay", "Replay", History, () =>
    import("./replay/index.tsx").then((it) => it.ReplayPane),
  ),
};

type Panes = typeof PANES;
export type PaneName = keyof Panes;

type RouteOf<N extends PaneName> =
  Panes[N] extends PaneKind<infer Path> ? { pane: N; at?: number } & Params<Path> : never;

/** What one pane shows: which pane, of what, and at which past revision if not now. */
export type Route = { [N in PaneName]: RouteOf<N> }[PaneName] | { pane: "lost"; path: string; at?: number };
