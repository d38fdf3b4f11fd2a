// The workspace: one to four panes that share its space, and which of them is in use. Pure; nothing here knows the browser.
import type { Route } from "../panes/registry.ts";
import { same, sessionOf } from "./address.ts";

/** A pane: its id is the page's own, so that what it shows stays the same while it is moved. */
export interface Pane {
  id: number;
  route: Route;
}

/** Two parts beside each other (`row`) or one above the other (`column`); the first has `share` per cent. */
export interface Split {
  way: Way;
  share: number;
  first: Layout;
  second: Layout;
}

export type Way = "row" | "column";
export type Layout = Pane | Split;
export type Side = "left" | "right" | "above" | "below";

export interface Workspace {
  layout: Layout;
  /** The pane in use. */
  active: number;
  /** The session whose workspace it is: going elsewhere leaves it. */
  session: string | null;
}

export const MOST_PANES = 4;
/** No pane becomes smaller than this share of its split, in per cent. */
const LEAST = 15;

export const isPane = (layout: Layout): layout is Pane => "id" in layout;

/** The panes in reading order. */
export function panesOf(layout: Layout): Pane[] {
  return isPane(layout) ? [layout] : [...panesOf(layout.first), ...panesOf(layout.second)];
}

export function activePane({ layout, active }: Workspace): Pane {
  const panes = panesOf(layout);
  return panes.find((pane) => pane.id === active) ?? (panes[0] as Pane);
}

/** A workspace of one pane. */
export function alone(id: number, route: Route): Workspace {
  return { layout: { id, route }, active: id, session: sessionOf(route) };
}

/** A side to open something beside a pane: where there is most room, given its shape. */
export const roomiest = (width: number, height: number): Side => (width >= height * 1.1 ? "right" : "below");

function replaced(layout: Layout, id: number, by: (pane: Pane) => Layout | null): Layout | null {
  if (isPane(layout)) return layout.id === id ? by(layout) : layout;
  const first = replaced(layout.first, id, by);
  const second = replaced(layout.second, id, by);
  if (!first || !second) return first ?? second;
  return first === layout.first && second === layout.second ? layout : { ...layout, first, second };
}

function beside(layout: Layout, id: number, side: Side, fresh: Layout): Layout {
  const way = side === "left" || side === "right" ? "row" : "column";
  const before = side === "left" || side === "above";
  const both = (pane: Pane): Split => ({
    way,
    share: 50,
    first: before ? fresh : pane,
    second: before ? pane : fresh,
  });
  return replaced(layout, id, both) ?? layout;
}

/** Opens a pane beside another and goes into it. Nothing changes where there is no room for more. */
export function split(workspace: Workspace, at: number, side: Side, pane: Pane): Workspace {
  if (panesOf(workspace.layout).length >= MOST_PANES) return workspace;
  return { ...workspace, layout: beside(workspace.layout, at, side, pane), active: pane.id };
}

/** Closes a pane; the last one stays. */
export function close(workspace: Workspace, id: number): Workspace {
  const panes = panesOf(workspace.layout);
  const index = panes.findIndex((pane) => pane.id === id);
  const neighbour = panes[index + 1] ?? panes[index - 1];
  const layout = index < 0 ? null : replaced(workspace.layout, id, () => null);
  if (!layout || !neighbour) return workspace;
  return { ...workspace, layout, active: workspace.active === id ? neighbour.id : workspace.active };
}

/** Closes all panes but one. */
export function closeOthers(workspace: Workspace, id: number): Workspace {
  const pane = panesOf(workspace.layout).find((it) => it.id === id);
  return pane ? { ...workspace, layout: pane, active: id } : workspace;
}

/** Puts a pane beside another, or in its place: then the two change places. */
export function move(workspace: Workspace, id: number, to: number, where: Side | "swap"): Workspace {
  const panes = panesOf(workspace.layout);
  const moved = panes.find((pane) => pane.id === id);
  const target = panes.find((pane) => pane.id === to);
  if (!moved || !target || id === to) return workspace;
  if (where === "swap") {
    const swapped = (layout: Layout): Layout => {
      if (!isPane(layout)) return { ...layout, first: swapped(layout.first), second: swapped(layout.second) };
      if (layout.id === id) return target;
      return layout.id === to ? moved : layout;
    };
    return { ...workspace, layout: swapped(workspace.layout), active: id };
  }
  const without = replaced(workspace.layout, id, () => null);
  return without ? { ...workspace, layout: beside(without, to, where, moved), active: id } : workspace;
}

/** Shows something in a pane: one that shows it already is gone to instead. */
export function show(workspace: Workspace, id: number, route: Route): Workspace {
  const panes = panesOf(workspace.layout);
  const there = panes.find((pane) => pane.id !== id && same(pane.route, route));
  const into = there?.id ?? id;
  const layout = replaced(workspace.layout, into, (pane) => ({ ...pane, route }));
  return layout ? { ...workspace, layout, active: into } : workspace;
}

export function activate(workspace: Workspace, id: number): Workspace {
  const known = panesOf(workspace.layout).some((pane) => pane.id === id);
  return known && workspace.active !== id ? { ...workspace, active: id } : workspace;
}

/** The pane that comes after the one in use, in reading order and around. */
export function next(workspace: Workspace, step: 1 | -1): number {
  const panes = panesOf(workspace.layout);
  const index = panes.findIndex((pane) => pane.id === workspace.active);
  return (panes[(index + step + panes.length) % panes.length] ?? activePane(workspace)).id;
}

/** A share that leaves room for both parts. */
export function within(share: number): number {
  return Math.round(Math.min(100 - LEAST, Math.max(LEAST, share)) * 10) / 10;
}

/** Gives the first part of the split at a path (`""`, `"1"`, `"12"` …) a share, within bounds. */
export function resize(workspace: Workspace, path: string, share: number): Workspace {
  const resized = (layout: Layout, rest: string): Layout => {
    if (isPane(layout)) return layout;
    if (rest === "") return { ...layout, share: within(share) };
    return rest.startsWith("1")
      ? { ...layout, first: resized(layout.first, rest.slice(1)) }
      : { ...layout, second: resized(layout.second, rest.slice(1)) };
  };
  return { ...workspace, layout: resized(workspace.layout, path) };
}

/** A place on the workspace, in per cent of it. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The line between two parts: which split it is of, and the space that the two share. */
export interface Divider {
  path: string;
  way: Way;
  share: number;
  box: Box;
}

const WHOLE: Box = { left: 0, top: 0, width: 100, height: 100 };

/** Where each pane and each divider stands. */
export function placed(
  layout: Layout,
  box = WHOLE,
  path = "",
): { panes: [Pane, Box][]; dividers: Divider[] } {
  if (isPane(layout)) return { panes: [[layout, box]], dividers: [] };
  const { way, share } = layout;
  const across = way === "row";
  const part = (across ? box.width : box.height) * (share / 100);
  const one = across ? { ...box, width: part } : { ...box, height: part };
  const two = across
    ? { ...box, left: box.left + part, width: box.width - part }
    : { ...box, top: box.top + part, height: box.height - part };
  const first = placed(layout.first, one, `${path}1`);
  const second = placed(layout.second, two, `${path}2`);
  return {
    panes: [...first.panes, ...second.panes],
    dividers: [{ path, way, share, box }, ...first.dividers, ...second.dividers],
  };
}

/** The pane next to another on one of its sides, if there is one. */
export function neighbour({ layout }: Workspace, id: number, side: Side): number | null {
  const { panes } = placed(layout);
  const here = panes.find(([pane]) => pane.id === id)?.[1];
  if (!here) return null;
  const gap = ([, box]: [Pane, Box]): number =>
    side === "left"
      ? here.left - (box.left + box.width)
      : side === "right"
        ? box.left - (here.left + here.width)
        : side === "above"
          ? here.top - (box.top + box.height)
          : box.top - (here.top + here.height);
  const overlaps = ([, box]: [Pane, Box]): boolean =>
    side === "left" || side === "right"
      ? box.top < here.top + here.height && here.top < box.top + box.height
      : box.left < here.left + here.width && here.left < box.left + box.width;
  const touching = panes.filter((it) => it[0].id !== id && Math.abs(gap(it)) < 0.01 && overlaps(it));
  return touching[0]?.[0].id ?? null;
}
