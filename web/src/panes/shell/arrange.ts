// Arranging panes by hand: each change stands in the address, and the session remembers it.
import type { Route } from "../../routes.tsx";
import { projectOf, sessionOf } from "../../workspace/address.ts";
import {
  activate,
  close,
  closeOthers,
  move,
  next,
  panesOf,
  type Side,
  show,
  split,
} from "../../workspace/layout.ts";
import { change, freshId, workspace } from "../../workspace/store.ts";

const byHand = { arranged: true };

/** What a fresh pane beside another shows: where its session, or else its project, goes on. */
export function besides(route: Route): Route {
  const project = projectOf(route);
  const session = sessionOf(route);
  if (project && session && route.pane !== "session") return { pane: "session", project, session };
  return project ? { pane: "project", project } : { pane: "home" };
}

export const arrange = {
  split(id: number, side: Side, route?: Route): void {
    const from = panesOf(workspace().layout).find((pane) => pane.id === id);
    if (!from) return;
    change((now) => split(now, id, side, { id: freshId(), route: route ?? besides(from.route) }), byHand);
  },
  show(id: number, route: Route): void {
    change((now) => show(now, id, route), byHand);
  },
  move(id: number, to: number, side: Side): void {
    change((now) => move(now, id, to, side), byHand);
  },
  swap(id: number, to: number): void {
    change((now) => move(now, id, to, "swap"), byHand);
  },
  close(id: number): void {
    change((now) => close(now, id), byHand);
  },
  only(id: number): void {
    change((now) => closeOthers(now, id), byHand);
  },
  /** Going into a pane is no step that one would want to go back. */
  activate(id: number): void {
    change((now) => activate(now, id), { replace: true });
  },
};

/** Goes into a pane, and puts the focus there. */
export function enter(id: number | undefined): void {
  if (id === undefined) return;
  arrange.activate(id);
  const pane = document.getElementById(`pane-${id}`);
  const field = pane?.querySelector<HTMLElement>("[data-composer], [role=log]");
  (field ?? pane)?.focus();
}

export const enterNext = (step: 1 | -1): void => enter(next(workspace(), step));
export const enterNumber = (number: number): void => enter(panesOf(workspace().layout)[number - 1]?.id);
