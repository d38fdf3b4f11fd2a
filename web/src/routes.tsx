// What the address says: the same link shows the same to everyone.
import {
  createContext,
  type MouseEvent,
  type ReactNode,
  use,
  useCallback,
  useState,
  useSyncExternalStore,
} from "react";

export type Route =
  | { pane: "home" }
  | { pane: "add" }
  | { pane: "settings" }
  | { pane: "project"; project: string }
  | { pane: "session"; project: string; session: string }
  | { pane: "chat"; project: string; session: string; chat: string }
  | { pane: "lost"; path: string };

/** The address of a route. */
export function address(route: Route): string {
  switch (route.pane) {
    case "home":
      return "/";
    case "add":
    case "settings":
      return `/${route.pane}`;
    case "project":
      return `/p/${route.project}`;
    case "session":
      return `/p/${route.project}/s/${route.session}`;
    case "chat":
      return `/p/${route.project}/s/${route.session}/c/${route.chat}`;
    case "lost":
      return route.path;
  }
}

const ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
const PATHS = new RegExp(`^/p/${ID}(?:/s/${ID}(?:/c/${ID})?)?/?$`);

/** The route of a path. */
export function parse(path: string): Route {
  if (path === "/") return { pane: "home" };
  if (path === "/add") return { pane: "add" };
  if (path === "/settings") return { pane: "settings" };
  const [, project, session, chat] = PATHS.exec(path) ?? [];
  if (!project) return { pane: "lost", path };
  if (!session) return { pane: "project", project };
  return chat ? { pane: "chat", project, session, chat } : { pane: "session", project, session };
}

interface Router {
  route: Route;
  /** How often somewhere was gone to, where one was already included. */
  visits: number;
  go(route: Route, how?: "push" | "replace"): void;
}

const RouterContext = createContext<Router | null>(null);

const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

export function RouterProvider({ children }: { children: ReactNode }) {
  const path = useSyncExternalStore(listen, () => location.pathname);
  const [visits, setVisits] = useState(0);
  const go = useCallback((route: Route, how: "push" | "replace" = "push") => {
    const to = address(route);
    if (how === "replace") history.replaceState(null, "", to);
    else if (to !== location.pathname) history.pushState(null, "", to);
    setVisits((was) => was + 1);
    for (const listener of listeners) listener();
  }, []);
  return <RouterContext value={{ route: parse(path), visits, go }}>{children}</RouterContext>;
}

export function useRouter(): Router {
  const router = use(RouterContext);
  if (!router) throw new Error("no RouterProvider stands above this component");
  return router;
}

/** A link within the page; with a modifier key it opens as any other link. */
export function Link(props: {
  to: Route;
  className?: string;
  title?: string;
  current?: boolean;
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
      className={props.className}
      title={props.title}
      aria-current={props.current ? "page" : undefined}
    >
      {props.children}
    </a>
  );
}
