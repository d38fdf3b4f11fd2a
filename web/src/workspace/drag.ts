// Dragging: what is dragged, and where on the workspace it would land.
import type { DragEvent } from "react";
import type { Route } from "../panes/registry.ts";
import { parse } from "./address.ts";
import type { Box, Pane, Side } from "./layout.ts";

/** What drags carry: a pane of this window by its id, or something to open by its address. */
export const PANE = "application/x-reenact-pane";
export const ROUTE = "application/x-reenact-route";

export const carries = (event: DragEvent): boolean =>
  event.dataTransfer.types.includes(PANE) || event.dataTransfer.types.includes(ROUTE);

export function dragPane(event: DragEvent, id: number): void {
  event.dataTransfer.setData(PANE, String(id));
  event.dataTransfer.effectAllowed = "move";
}

export function dropped(event: DragEvent): { pane: number } | { route: Route } | null {
  const pane = event.dataTransfer.getData(PANE);
  if (pane) return { pane: Number(pane) };
  const path = event.dataTransfer.getData(ROUTE);
  return path ? { route: parse(path) } : null;
}

export interface Landing {
  pane: number;
  where: Side | "middle";
  /** The space that would be taken, in per cent of the workspace. */
  box: Box;
}

/** Near an edge of a pane one lands beside it, else in it. `x` and `y` are in per cent of the workspace. */
export function landing(panes: readonly [Pane, Box][], x: number, y: number): Landing | null {
  const found = panes.find(
    ([, box]) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height,
  );
  if (!found) return null;
  const [{ id }, box] = found;
  const across = (x - box.left) / box.width;
  const down = (y - box.top) / box.height;
  const near: [Side, number][] = [
    ["left", across],
    ["right", 1 - across],
    ["above", down],
    ["below", 1 - down],
  ];
  const [side, distance] = near.reduce((best, it) => (it[1] < best[1] ? it : best));
  if (distance > 0.28) return { pane: id, where: "middle", box };
  return { pane: id, where: side, box: half(box, side) };
}

function half(box: Box, side: Side): Box {
  const [width, height] = [box.width / 2, box.height / 2];
  switch (side) {
    case "left":
      return { ...box, width };
    case "right":
      return { ...box, left: box.left + width, width };
    case "above":
      return { ...box, height };
    case "below":
      return { ...box, top: box.top + height, height };
  }
}
