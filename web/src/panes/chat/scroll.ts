// Scrolling of a conversation: it stays at the end if it was there, and never jumps otherwise.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Within so many pixels of the end one is at the end. */
const NEAR = 32;

interface Stick {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** Something came below what is seen. */
  below: boolean;
  /** The end is out of sight. */
  scrolled: boolean;
  toEnd(): void;
  /** To be called right before older messages are put before the first: what is seen then stays where it is. */
  hold(): void;
}

/** `first` is the index of the first message, `own` counts the messages of oneself. */
export function useStick(first: number, own: number): Stick {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [scrolled, setScrolled] = useState(false);
  const [below, setBelow] = useState(false);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    atEnd.current = true;
    setScrolled(false);
    setBelow(false);
    element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const [outer, inner] = [scroller.current, content.current];
    if (!outer || !inner) return;
    let height = inner.offsetHeight;
    const moved = () => {
      const distance = outer.scrollHeight - outer.scrollTop - outer.clientHeight;
      atEnd.current = distance <= NEAR;
      setScrolled(!atEnd.current);
      if (atEnd.current) setBelow(false);
    };
    const resized = new ResizeObserver(() => {
      const grown = inner.offsetHeight > height + 1;
      height = inner.offsetHeight;
      if (atEnd.current) outer.scrollTop = outer.scrollHeight;
      else if (grown) setBelow(true);
    });
    outer.addEventListener("scroll", moved, { passive: true });
    resized.observe(inner);
    resized.observe(outer);
    outer.scrollTop = outer.scrollHeight;
    return () => {
      outer.removeEventListener("scroll", moved);
      resized.disconnect();
    };
  }, []);

  // What one writes oneself is always looked at.
  const before = useRef(own);
  useEffect(() => {
    if (own > before.current) toEnd();
    before.current = own;
  }, [own, toEnd]);

  const anchor = useRef<{ element: Element; top: number } | null>(null);
  const hold = useCallback(() => {
    const edge = scroller.current?.getBoundingClientRect().top ?? 0;
    const messages = content.current?.querySelectorAll("[data-message]") ?? [];
    const element = [...messages].find((message) => message.getBoundingClientRect().bottom > edge);
    anchor.current = element ? { element, top: element.getBoundingClientRect().top } : null;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is when older messages were put before the first
  useLayoutEffect(() => {
    const held = anchor.current;
    anchor.current = null;
    if (!held || !scroller.current || atEnd.current) return;
    scroller.current.scrollTop += held.element.getBoundingClientRect().top - held.top;
  }, [first]);

  return { scroller, content, below, scrolled, toEnd, hold };
}
