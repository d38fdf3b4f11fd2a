// Going to a message: wherever it is, it is read, drawn, opened, and marked.
import { type RefObject, useEffect, useRef } from "react";
import { mark } from "../find/mark.ts";
import type { Folds } from "../rows/folds.ts";
import { nameOf, type Part, spotOf } from "./parts.ts";
import type { Place } from "./scroll.ts";

export interface Target {
  /** The index of the message in the whole conversation. */
  index: number;
  /** The tool call within it. */
  tool?: string | undefined;
  /** What is marked there. */
  words?: string | undefined;
}

type GoTo = (find: () => Place | null, arrived: (box: Element) => void) => void;

export function useTarget(
  target: Target | null,
  parts: readonly Part[],
  folds: Folds,
  scroller: RefObject<HTMLElement | null>,
  goTo: GoTo,
): void {
  const latest = useRef(parts);
  useEffect(() => {
    latest.current = parts;
  });
  useEffect(() => {
    const outer = scroller.current;
    if (!target || !outer) return;
    const { index, tool, words } = target;
    const one = (name: string, value: string) => outer.querySelector(`[${name}="${CSS.escape(value)}"]`);
    const find = (): Place | null => {
      const spot = spotOf(latest.current, index);
      if (!spot) return null;
      const { part, row } = spot;
      if (tool && row) open(folds, row.key, tool);
      const drawn = row && ((tool && one("data-tool-call", tool)) || one("data-row", row.key));
      if (drawn) return { box: drawn, exact: true };
      const box = one("data-part", nameOf(part));
      return box && { box, exact: false };
    };
    goTo(find, (box) => {
      for (const other of outer.querySelectorAll("[data-arrived]")) other.removeAttribute("data-arrived");
      box.setAttribute("data-arrived", "");
      if (words) mark(box, words);
    });
  }, [target, folds, scroller, goTo]);
}

/** Opens a tool call, and the group in which it may be. */
function open(folds: Folds, group: string, tool: string): void {
  for (const key of [group, `tool ${tool}`]) if (!folds.get(key)) folds.set(key, true);
}
