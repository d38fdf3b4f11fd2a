// Scrolling of a conversation: it stays at the end if it was there, never jumps otherwise, and goes where it is told.
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Within so many pixels of the end one is at the end. */
const NEAR = 32;
/** What is gone to comes to rest so far below the upper edge, as a part of the height. */
const REST = 0.2;
/** A goal that did not move for so many frames is reached. */
const STILL = 12;
/** A goal that is not reached within so many ms is given up. */
const PATIENCE = 10_000;

/** Where a goal is now. What holds its place while it is not drawn is not exactly it. */
export interface Place {
  box: Element;
  exact: boolean;
}

interface Stick {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** Something came below what is seen. */
  below: boolean;
  /** The end is out of sight. */
  scrolled: boolean;
  toEnd(): void;
  /** Goes to a place, and follows it until it is drawn and stands still, or until someone scrolls. */
  goTo(find: () => Place | null, arrived: (box: Element) => void): void;
}

/** `tail` is another one whenever something came at the end; `own` counts the messages of oneself. */
export function useStick(tail: string, own: number): Stick {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const goal = useRef(0);
  const [scrolled, setScrolled] = useState(false);
  const [below, setBelow] = useState(false);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    goal.current += 1;
    atEnd.current = true;
    setScrolled(false);
    setBelow(false);
    element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const [outer, inner] = [scroller.current, content.current];
    if (!outer || !inner) return;
    const anchor = anchored(outer, inner);
    const moved = () => {
      const distance = outer.scrollHeight - outer.scrollTop - outer.clientHeight;
      atEnd.current = distance <= NEAR;
      setScrolled(!atEnd.current);
      if (atEnd.current) setBelow(false);
      anchor.take();
    };
    const resized = new ResizeObserver(() => {
      if (atEnd.current) outer.scrollTop = outer.scrollHeight;
      else anchor.keep();
    });
    const giveUp = () => {
      goal.current += 1;
    };
    outer.addEventListener("scroll", moved, { passive: true });
    for (const act of ["wheel", "touchstart", "pointerdown", "keydown"])
      outer.addEventListener(act, giveUp, { passive: true });
    resized.observe(inner);
    resized.observe(outer);
    outer.scrollTop = outer.scrollHeight;
    return () => {
      outer.removeEventListener("scroll", moved);
      for (const act of ["wheel", "touchstart", "pointerdown", "keydown"])
        outer.removeEventListener(act, giveUp);
      resized.disconnect();
      goal.current += 1;
    };
  }, []);

  const goTo = useCallback((find: () => Place | null, arrived: (box: Element) => void) => {
    const outer = scroller.current;
    if (!outer) return;
    goal.current += 1;
    const mine = goal.current;
    const until = performance.now() + PATIENCE;
    let still = 0;
    const step = () => {
      if (goal.current !== mine || performance.now() > until) return;
      const place = find();
      if (place) {
        const wanted = place.box.getBoundingClientRect().top - outer.getBoundingClientRect().top;
        const before = outer.scrollTop;
        atEnd.current = false;
        outer.scrollTop += wanted - outer.clientHeight * REST;
        still = place.exact && Math.abs(outer.scrollTop - before) < 1 ? still + 1 : 0;
        if (still === 1) arrived(place.box);
      }
      if (still < STILL) requestAnimationFrame(step);
    };
    step();
  }, []);

  // What one writes oneself is always looked at.
  const written = useRef(own);
  useEffect(() => {
    if (own > written.current) toEnd();
    written.current = own;
  }, [own, toEnd]);

  const seen = useRef(tail);
  useEffect(() => {
    if (tail !== seen.current && !atEnd.current) setBelow(true);
    seen.current = tail;
  }, [tail]);

  return { scroller, content, below, scrolled, toEnd, goTo };
}

/** Keeps what is seen where it is when something above it grows. Most browsers do so by themselves. */
function anchored(outer: HTMLElement, inner: HTMLElement): { take(): void; keep(): void } {
  if (CSS.supports("overflow-anchor", "auto")) return { take: () => undefined, keep: () => undefined };
  let held: { element: Element; top: number } | null = null;
  let corrected = false;
  const take = () => {
    // What was only corrected is held on to as before: each time a part of a pixel would be lost.
    if (corrected) {
      corrected = false;
      return;
    }
    const edge = outer.getBoundingClientRect().top;
    const rows = [...inner.querySelectorAll("[data-row]")];
    const row = rows.find((it) => it.getBoundingClientRect().bottom > edge);
    held = row ? { element: row, top: row.getBoundingClientRect().top } : null;
  };
  const keep = () => {
    if (!held?.element.isConnected) return;
    const moved = held.element.getBoundingClientRect().top - held.top;
    if (Math.abs(moved) < 1) return;
    corrected = true;
    outer.scrollTop += moved;
  };
  return { take, keep };
}
