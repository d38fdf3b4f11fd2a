// What an address says: the same link shows the same to everyone.
import { PANES, type PaneName, type Route } from "../panes/registry.ts";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** What a name of a path can stand for; any word where nothing else is said. */
const SHAPES: Record<string, string | undefined> = {
  project: UUID,
  session: UUID,
  chat: UUID,
  run: UUID,
  other: UUID,
  // As `encodeURIComponent` writes any name.
  workflow: "[A-Za-z0-9%._~!*'()-]{1,600}",
};
const WORD = "[A-Za-z0-9-]{1,64}";

const PATTERNS = (Object.keys(PANES) as PaneName[]).map((pane) => ({
  pane,
  pattern: new RegExp(
    `^${PANES[pane].path.replace(/\/:(\w+)(\??)/g, (_, name, optional) => `(?:/(?<${name}>${SHAPES[name] ?? WORD}))${optional}`)}/?$`,
  ),
}));

/** The address of what a pane shows. */
export function address(route: Route): string {
  if (route.pane === "lost") return route.path;
  const values: Record<string, unknown> = route;
  const path = PANES[route.pane].path.replace(/\/:(\w+)\??/g, (_, name) =>
    values[name] === undefined ? "" : `/${values[name]}`,
  );
  return route.at === undefined ? path : `${path}@${route.at}`;
}

/** What the pane at a path shows; `@310` at its end says at which past revision. */
export function parse(path: string): Route {
  const [, bare = path, revision] = /^(.+)@(\d{1,15})$/.exec(path) ?? [];
  for (const { pane, pattern } of PATTERNS) {
    const found = pattern.exec(bare);
    if (!found) continue;
    const params = Object.entries(found.groups ?? {}).filter(([, value]) => value !== undefined);
    const at = revision === undefined ? {} : { at: Number(revision) };
    return { pane, ...Object.fromEntries(params), ...at } as Route;
  }
  return { pane: "lost", path };
}

/** The session that a pane belongs to, if it does. */
export function sessionOf(route: Route): string | null {
  return "session" in route ? (route.session ?? null) : null;
}

/** The project that a pane belongs to, if it does. */
export function projectOf(route: Route): string | null {
  return "project" in route ? (route.project ?? null) : null;
}

/** Whether two panes show the same thing, at whatever revision. */
export function same(a: Route, b: Route): boolean {
  return thing(a) === thing(b);
}

/** What a pane shows, without the moment and without what only leads to a place within it. */
export function thing({ at: _, ...route }: Route): string {
  return route.pane === "settings" ? "/settings" : address(route as Route);
}
