// Where one is and how one goes elsewhere: the router of the frame, the router of each pane, and links.
import {
  createContext,
  type MouseEvent,
  type ReactNode,
  use,
  useCallback,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { useLive } from "./live/react.tsx";
import type { Route } from "./panes/registry.ts";
import type { SessionRow } from "./wire/index.ts";
import { address, sessionOf } from "./workspace/address.ts";
import { ROUTE } from "./workspace/drag.ts";
import { activePane, MOST_PANES, panesOf, show, split, type Workspace } from "./workspace/layout.ts";
import { change, freshId, gone, listen, workspace } from "./workspace/store.ts";

export type { Route } from "./panes/registry.ts";
export { address } from "./workspace/address.ts";

/** `beside`: in a pane of its own, beside the one in use. */
type How = "push" | "replace" | "beside";

interface Router {
  /** What the pane shows in which this is asked; in the frame, what the pane in use shows. */
  route: Route;
  /** How often somewhere was gone to, where one was already included. */
  visits: number;
  go(route: Route, how?: How): void;
}

const RouterContext = createContext<Router | null>(null);

export function useWorkspace(): Workspace {
  return useSyncExternalStore(listen, workspace);
}

/** What a session remembers of its panes. */
function useMemory(): (session: string | null) => string | null {
  const live = useLive();
  return useCallback(
    (session) => {
      const list = live.read({ kind: "list", list: "sessions" });
      const rows = "rows" in list ? (list.rows as SessionRow[]) : [];
      return rows.find((row) => row.id === session)?.panes ?? null;
    },
    [live],
  );
}

export function RouterProvider({ children }: { children: ReactNode }) {
  const now = useWorkspace();
  const memory = useMemory();
  const [visits, setVisits] = useState(0);
  const go = useCallback(
    (route: Route, how: How = "push") => {
      if (how === "beside") openBeside(workspace().active, route);
      else
        change((was) => gone(was, route, memory(sessionOf(route))), {
          replace: how === "replace",
          arranged: stays(route),
        });
      setVisits((was) => was + 1);
    },
    [memory],
  );
  const { route } = activePane(now);
  const router = useMemo(() => ({ route, visits, go }), [route, visits, go]);
  return <RouterContext value={router}>{children}</RouterContext>;
}

/** Whether going somewhere changes what a session has among its panes. */
const stays = (route: Route): boolean =>
  panesOf(workspace().layout).length > 1 && sessionOf(route) === workspace().session;

function openBeside(id: number, route: Route): void {
  const element = document.getElementById(`pane-${id}`);
  const wide = !element || element.clientWidth >= element.clientHeight;
  const side = wide ? "right" : "below";
  change(
    (was) =>
      // Where there is no room for more, it takes the place of what is there.
      panesOf(was.layout).length < MOST_PANES
        ? split(was, id, side, { id: freshId(), route })
        : show(was, id, route),
    { arranged: true },
  );
}

/** The router of a pane: among several, what is gone to from within a pane is shown in it. */
export function PaneRouter({ id, route, children }: { id: number; route: Route; children: ReactNode }) {
  const outer = useRouter();
  const { visits } = outer;
  const go = useCallback(
    (to: Route, how: How = "push") => {
      if (how === "beside") openBeside(id, to);
      else if (panesOf(workspace().layout).length > 1)
        change((was) => show(was, id, to), { replace: how === "replace", arranged: true });
      else outer.go(to, how);
    },
    [id, outer],
  );
  const router = useMemo(() => ({ route, visits, go }), [route, visits, go]);
  return <RouterContext value={router}>{children}</RouterContext>;
}

export function useRouter(): Router {
  const router = use(RouterContext);
  if (!router) throw new Error("no RouterProvider stands above this component");
  return router;
}

/** A link within the page; with a modifier key it opens as any other link, and it can be dragged into the workspace. */
export function Link(props: {
  to: Route;
  className?: string;
  title?: string;
  current?: boolean;
  /** It is a row of a list through which the arrow keys lead. */
  row?: boolean;
  children: ReactNode;
}) {
  const { go } = useRouter();
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    go(props.to);
  };
  return (
    <a
      href={address(props.to)}
      onClick={follow}
      onDragStart={(event) => event.dataTransfer.setData(ROUTE, address(props.to))}
      className={props.className}
      title={props.title}
      aria-current={props.current ? "page" : undefined}
      data-row={props.row || undefined}
    >
      {props.children}
    </a>
  );
}
