// What can be done: each pane, and the frame, say it in one place; the keys, the palette and the list of shortcuts follow.
import type { LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { isHeardTyping, isPressed, isTyping } from "./keys.ts";
import { usePane } from "./pane.tsx";

export interface Action {
  /** Its name for good, as `chat.stop`. */
  id: string;
  label: string;
  icon?: LucideIcon;
  /** Its shortcut, as `Alt+N`. */
  keys?: string;
  /** Where it is absent, the shortcut is only told of: whoever has the focus hears it. */
  run?(): void;
  /** Other words by which it is looked for. */
  words?: string;
  /** It is reached by its key alone, and does not stand in the palette. */
  hidden?: boolean;
}

interface Offer {
  /** The pane whose actions they are; null for those of the frame. */
  pane: number | null;
  actions: readonly Action[];
}

const offers = new Set<Offer>();

/** What can be done now: first in the pane in use, then everywhere. */
export function offered(pane: number): { here: Action[]; everywhere: Action[] } {
  const of = (wanted: number | null) =>
    [...offers].filter((offer) => offer.pane === wanted).flatMap((offer) => offer.actions);
  return { here: of(pane), everywhere: of(null) };
}

/** Offers actions as long as the component is there: in the pane it stands in, or everywhere. */
export function useActions(actions: readonly Action[]): void {
  const pane = usePane()?.id ?? null;
  const offer = useRef<Offer>({ pane, actions });
  useEffect(() => {
    offer.current.pane = pane;
    offer.current.actions = actions;
  });
  useEffect(() => {
    const mine = offer.current;
    offers.add(mine);
    return () => {
      offers.delete(mine);
    };
  }, []);
}

/** Something lies over the page and has the keys. */
const covered = () => document.querySelector("[role=dialog], [data-popup-open]") !== null;

/** Does what the keys say, for the pane in use. */
export function useKeys(pane: number): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { here, everywhere } = offered(pane);
      const action = [...here, ...everywhere].find(({ keys, run }) => run && keys && isPressed(keys, event));
      if (!action?.keys || (isTyping(event.target) && !isHeardTyping(action.keys))) return;
      if (event.repeat && isHeardTyping(action.keys)) return;
      if (covered() && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      action.run?.();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [pane]);
}
