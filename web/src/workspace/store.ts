// The workspace of this window: the address says it, and whatever changes it changes the address.
import type { Route } from "../panes/registry.ts";
import { parse, same, sessionOf } from "./address.ts";
import { activePane, alone, type Layout, type Pane, panesOf, show, type Workspace } from "./layout.ts";
import { layoutOf, workspaceAddress } from "./text.ts";

let lastId = 0;
export const freshId = (): number => ++lastId;

/** The workspace that an address names. */
export function workspaceAt(path: string, search: string): Workspace {
  const route = parse(path);
  const text = new URLSearchParams(search).get("panes");
  const several = text ? layoutOf(text, route, freshId) : null;
  return several ? { ...several, session: sessionOf(route) } : alone(freshId(), route);
}

/** The same workspace, in which panes that were there before keep their ids: what they show is not drawn anew. */
export function recognised(workspace: Workspace, before: Workspace): Workspace {
  const left = panesOf(before.layout);
  const ids = new Map<number, number>();
  const take = (pane: Pane, fits: (old: Pane) => boolean) => {
    const index = left.findIndex(fits);
    const [old] = index < 0 ? [] : left.splice(index, 1);
    if (old) ids.set(pane.id, old.id);
  };
  const panes = panesOf(workspace.layout);
  for (const pane of panes) take(pane, (old) => same(old.route, pane.route));
  for (const pane of panes) if (!ids.has(pane.id)) take(pane, (old) => old.id === before.active);
  const renamed = (layout: Layout): Layout =>
    "id" in layout
      ? { ...layout, id: ids.get(layout.id) ?? layout.id }
      : { ...layout, first: renamed(layout.first), second: renamed(layout.second) };
  return {
    ...workspace,
    layout: renamed(workspace.layout),
    active: ids.get(workspace.active) ?? workspace.active,
  };
}

/**
 * The workspace after going somewhere. Within a session one stays among its panes; another session comes with the panes
 * that it remembers, everything else alone.
 */
export function gone(workspace: Workspace, route: Route, remembered: string | null): Workspace {
  const panes = panesOf(workspace.layout);
  const there = panes.find((pane) => same(pane.route, route));
  if (there) return show(workspace, there.id, route);
  const session = sessionOf(route);
  if (session === workspace.session && panes.length > 1) return show(workspace, workspace.active, route);
  const layout =
    session && remembered && route.pane !== "session" ? layoutOf(remembered, route, freshId) : null;
  if (!layout) return alone(activePane(workspace).id, route);
  const arrived = recognised({ ...layout, session }, workspace);
  const known = panesOf(arrived.layout).find((pane) => same(pane.route, route));
  return show(arrived, known?.id ?? arrived.active, route);
}

interface How {
  /** The address takes the place of the one before, instead of coming after it. */
  replace?: boolean;
  /** The session is to remember how its panes stand now. */
  arranged?: boolean;
}

const listeners = new Set<() => void>();
const arrangers = new Set<(workspace: Workspace) => void>();
let current: Workspace | null = null;

export function workspace(): Workspace {
  current ??= workspaceAt(location.pathname, location.search);
  return current;
}

export function listen(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener("popstate", popped);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("popstate", popped);
  };
}

/** Is told whenever panes were arranged by hand. */
export function onArranged(listener: (workspace: Workspace) => void): () => void {
  arrangers.add(listener);
  return () => arrangers.delete(listener);
}

function popped(): void {
  current = recognised(workspaceAt(location.pathname, location.search), workspace());
  tell();
}

/** Changes the workspace, and the address with it. */
export function change(to: (now: Workspace) => Workspace, { replace, arranged }: How = {}): void {
  const before = workspace();
  const after = to(before);
  if (after === before) return;
  current = after;
  const wanted = workspaceAddress(after);
  if (wanted !== location.pathname + location.search) {
    if (replace) history.replaceState(null, "", wanted);
    else history.pushState(null, "", wanted);
  }
  tell();
  if (arranged) for (const listener of arrangers) listener(after);
}

function tell(): void {
  for (const listener of listeners) listener();
}
