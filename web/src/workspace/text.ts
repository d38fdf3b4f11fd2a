// A workspace as text: the path of an address names the pane in use, `?panes=` all of them and how they share the space.
import type { Route } from "../panes/registry.ts";
import { address, parse, sessionOf } from "./address.ts";
import { isPane, type Layout, MOST_PANES, panesOf, type Way, type Workspace, within } from "./layout.ts";

/** Stands for the pane that the path names. */
const THIS = "this";

/** The layout as words in reading order: `row60 this c/0198…` is the path's pane beside a chat of the same session. */
function words(layout: Layout, active: number | null, base: string | null): string[] {
  if (isPane(layout)) {
    if (layout.id === active) return [THIS];
    const path = address(layout.route);
    return [base && path.startsWith(base) ? path.slice(base.length) : path];
  }
  const head = `${layout.way}${layout.share === 50 ? "" : layout.share}`;
  return [head, ...words(layout.first, active, base), ...words(layout.second, active, base)];
}

/** Where the panes of a session stand in their addresses. */
function baseOf(route: Route): string | null {
  const session = sessionOf(route);
  return session && "project" in route ? `/p/${route.project}/s/${session}/` : null;
}

/** What a session remembers of its workspace: its panes and their shares; nothing where there is one pane. */
export function remembered({ layout, active }: Workspace): string {
  if (isPane(layout)) return "";
  const pane = panesOf(layout).find(({ id }) => id === active);
  return words(layout, null, pane ? baseOf(pane.route) : null).join("_");
}

/** The address of a workspace. */
export function workspaceAddress({ layout, active }: Workspace): string {
  const pane = panesOf(layout).find(({ id }) => id === active) ?? panesOf(layout)[0];
  if (!pane) return "/";
  const path = address(pane.route);
  return isPane(layout) ? path : `${path}?panes=${words(layout, active, baseOf(pane.route)).join("_")}`;
}

/**
 * A layout from its text; `here` is what the path names. Null where the text is none: a link that was cut still shows
 * what its path names.
 */
export function layoutOf(
  text: string,
  here: Route,
  fresh: () => number,
): { layout: Layout; active: number } | null {
  const rest = text.split("_");
  const base = baseOf(here);
  let active: number | null = null;
  const read = (depth: number): Layout | null => {
    const word = rest.shift();
    if (word === undefined || depth > MOST_PANES) return null;
    const [, way, share] = /^(row|column)(\d{1,2}(?:\.\d)?)?$/.exec(word) ?? [];
    if (way) {
      const first = read(depth + 1);
      const second = first && read(depth + 1);
      if (!first || !second) return null;
      return { way: way as Way, share: within(share ? Number(share) : 50), first, second };
    }
    const id = fresh();
    if (word === THIS) {
      active ??= id;
      return { id, route: here };
    }
    const route = parse(word.startsWith("/") ? word : `${base ?? "/"}${word}`);
    return route.pane === "lost" ? null : { id, route };
  };
  const layout = read(0);
  if (!layout || rest.length > 0 || panesOf(layout).length > MOST_PANES) return null;
  return { layout, active: active ?? (panesOf(layout)[0]?.id as number) };
}
