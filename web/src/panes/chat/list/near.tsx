// What is near to the eye. Only that is drawn; of the rest there stand boxes of the same height.
import { createContext, type RefObject, use, useEffect, useMemo, useRef, useState } from "react";

/** So far beyond the edges of what is seen things count as near, as a part of its height. */
const MARGIN = 1.2;

type Told = (near: boolean, height: number) => void;

/** Tells the boxes of a list, which stand one below the other, whether they are near. */
class Lookout {
  #scroller: HTMLElement | null = null;
  #list: HTMLElement | null = null;
  #told = new Map<Element, Told>();
  #near = new Set<Element>();
  #frame = 0;

  begin(scroller: HTMLElement, list: HTMLElement): () => void {
    this.#scroller = scroller;
    this.#list = list;
    const resized = new ResizeObserver(this.soon);
    resized.observe(list);
    resized.observe(scroller);
    scroller.addEventListener("scroll", this.soon, { passive: true });
    return () => {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      resized.disconnect();
      scroller.removeEventListener("scroll", this.soon);
    };
  }

  watch(box: Element, told: Told): () => void {
    this.#told.set(box, told);
    this.soon();
    return () => {
      this.#told.delete(box);
      this.#near.delete(box);
    };
  }

  soon = (): void => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#look();
    });
  };

  #look(): void {
    if (!this.#scroller || !this.#list) return;
    const { top, bottom, height } = this.#scroller.getBoundingClientRect();
    const boxes = this.#list.children;
    const near = new Set<Element>();
    for (let at = firstBelow(boxes, top - height * MARGIN); at < boxes.length; at += 1) {
      const box = boxes[at];
      if (!box || box.getBoundingClientRect().top > bottom + height * MARGIN) break;
      near.add(box);
    }
    for (const box of this.#near)
      if (!near.has(box)) this.#told.get(box)?.(false, box.getBoundingClientRect().height);
    for (const box of near) if (!this.#near.has(box)) this.#told.get(box)?.(true, 0);
    this.#near = near;
  }
}

/** The first of the boxes that ends below an edge. */
function firstBelow(boxes: HTMLCollection, edge: number): number {
  let [from, to] = [0, boxes.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((boxes[middle]?.getBoundingClientRect().bottom ?? 0) > edge) to = middle;
    else from = middle + 1;
  }
  return from;
}

export const LookoutContext = createContext<Lookout | null>(null);

/** The lookout over a list in a scroller. */
export function useLookout(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
): Lookout {
  const lookout = useMemo(() => new Lookout(), []);
  useEffect(
    () => (scroller.current && list.current ? lookout.begin(scroller.current, list.current) : undefined),
    [lookout, scroller, list],
  );
  return lookout;
}

interface Near {
  box: RefObject<HTMLDivElement | null>;
  near: boolean;
  /** How high it was when it was last drawn, in pixels. */
  height: number | null;
}

/** Whether a box is near, once that is known; until then it is what `initially` says. */
export function useNear(initially: boolean): Near {
  const lookout = use(LookoutContext);
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<{ near: boolean; height: number | null }>({
    near: initially,
    height: null,
  });
  useEffect(() => {
    const element = box.current;
    if (!element || !lookout) return;
    return lookout.watch(element, (near, height) =>
      setState((was) => {
        if (near) return { ...was, near };
        return isHeld(element) ? was : { near, height };
      }),
    );
  }, [lookout]);
  return { box, ...state };
}

/** Focus or a selection stands in it: taking it away would take that away too. */
function isHeld(element: Element): boolean {
  const selection = getSelection();
  return (
    element.contains(document.activeElement) ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(element, true))
  );
}
