// The frame of one pane: what it shows, loaded when first needed, and what can be done with the pane itself.
import {
  ArrowDown,
  ArrowLeft,
  ArrowRight,
  ArrowUp,
  Columns2,
  GripVertical,
  type LucideIcon,
  Maximize2,
  PanelRight,
  Rows2,
  X,
} from "lucide-react";
import { type ComponentType, lazy, Suspense, useMemo } from "react";
import { Boundary } from "../../parts/boundary.tsx";
import { IconButton } from "../../parts/button.tsx";
import { shownKeys } from "../../parts/keys.ts";
import { type Action, Menu } from "../../parts/menu.tsx";
import { PaneContext, PaneHead } from "../../parts/pane.tsx";
import { Empty, Skeleton } from "../../parts/status.tsx";
import { Link, PaneRouter, type Route } from "../../routes.tsx";
import { thing } from "../../workspace/address.ts";
import { dragPane } from "../../workspace/drag.ts";
import {
  MOST_PANES,
  neighbour,
  type Pane,
  panesOf,
  type Side,
  type Workspace,
} from "../../workspace/layout.ts";
import { PANES, type PaneName } from "../registry.ts";
import { arrange } from "./arrange.ts";

/** Each takes what varies in its own address: `parse` has put that into the route. */
type Drawn = ComponentType<Record<string, unknown>>;

const loaded = (name: PaneName) => PANES[name].load() as unknown as Promise<Drawn>;

/** Begins to load what a route needs. */
export function preload(route: Route): void {
  // What fails here is told when it is to be drawn, and tried again.
  if (route.pane !== "lost") loaded(route.pane).catch(() => undefined);
}

const DRAWN = new Map<PaneName, Drawn>();

function drawn(name: PaneName): Drawn {
  let component = DRAWN.get(name);
  if (!component) {
    component = lazy(() => loaded(name).then((it) => ({ default: it })));
    DRAWN.set(name, component);
  }
  return component;
}

interface Props {
  pane: Pane;
  workspace: Workspace;
  /** There is room for one pane only. */
  phone: boolean;
}

export function PaneFrame({ pane: { id, route }, workspace, phone }: Props) {
  const several = panesOf(workspace.layout).length > 1;
  const active = workspace.active === id;
  const info = useMemo(
    () => ({
      id,
      active,
      grip: several && !phone && <Grip id={id} active={active} />,
      controls: !phone && <Controls id={id} workspace={workspace} />,
    }),
    [id, active, several, phone, workspace],
  );
  return (
    <PaneContext value={info}>
      <PaneRouter id={id} route={route}>
        <Boundary key={thing(route)} what="this pane">
          <Suspense fallback={<Loading route={route} />}>
            <Shown route={route} />
          </Suspense>
        </Boundary>
      </PaneRouter>
    </PaneContext>
  );
}

/** While what draws the pane is on its way: its head stands already. */
function Loading({ route }: { route: Route }) {
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <span className="font-semibold">{route.pane === "lost" ? "" : PANES[route.pane].label}</span>
      </PaneHead>
      <Skeleton lines={6} />
    </div>
  );
}

function Shown({ route }: { route: Route }) {
  if (route.pane === "lost") return <Lost path={route.path} />;
  const { pane, ...params } = route;
  const Component = drawn(pane);
  return <Component {...params} />;
}

function Lost({ path }: { path: string }) {
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <span className="text-faint">Nothing here</span>
      </PaneHead>
      <Empty title="There is nothing at this address">
        <p>
          <code className="font-mono text-code [overflow-wrap:anywhere]">{path}</code> is no address of this
          page.
        </p>
        <Link to={{ pane: "home" }} className="text-accent underline">
          Go home
        </Link>
      </Empty>
    </div>
  );
}

/** By this a pane is dragged; the one in use has it in colour. */
function Grip({ id, active }: { id: number; active: boolean }) {
  return (
    <span
      draggable
      aria-hidden
      title="Drag to move the pane"
      onDragStart={(event) => dragPane(event, id)}
      className={`-ml-2.5 flex h-7 w-4 shrink-0 cursor-grab items-center justify-center ${active ? "text-accent" : "text-faint"}`}
    >
      <GripVertical size={14} />
    </span>
  );
}

const SIDES: [Side, string, LucideIcon][] = [
  ["left", "Move left", ArrowLeft],
  ["right", "Move right", ArrowRight],
  ["above", "Move up", ArrowUp],
  ["below", "Move down", ArrowDown],
];

function Controls({ id, workspace }: { id: number; workspace: Workspace }) {
  const count = panesOf(workspace.layout).length;
  const room = count < MOST_PANES;
  const several = count > 1;
  const moves = SIDES.flatMap(([side, label, icon]): Action[] => {
    const to = neighbour(workspace, id, side);
    return to === null ? [] : [{ label, icon, run: () => arrange.swap(id, to) }];
  });
  const actions: Action[] = [
    {
      label: "Split right",
      icon: Columns2,
      keys: "Alt+\\",
      disabled: !room,
      run: () => arrange.split(id, "right"),
    },
    {
      label: "Split below",
      icon: Rows2,
      keys: "Alt+-",
      disabled: !room,
      run: () => arrange.split(id, "below"),
    },
    ...moves,
    ...(several ? [{ label: "Close the others", icon: Maximize2, run: () => arrange.only(id) }] : []),
  ];
  return (
    <>
      <Menu label="Split or move the pane" icon={PanelRight} actions={actions} />
      {several && (
        <IconButton
          label={`Close the pane (${shownKeys("Alt+W").join(" ")})`}
          onClick={() => arrange.close(id)}
        >
          <X size={15} aria-hidden />
        </IconButton>
      )}
    </>
  );
}
