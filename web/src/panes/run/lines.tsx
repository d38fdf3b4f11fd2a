// The lines between the cards of a run: what a step comes after, as a pipeline or a graph says. Drawn where the cards stand.
import { type RefObject, useLayoutEffect, useMemo, useState } from "react";

interface Props {
  of: [number, number][];
  /** The lines of this step stand out. */
  chosen: number | null;
  within: RefObject<HTMLElement | null>;
}

interface Place {
  left: number;
  right: number;
  middle: number;
}

/** On a narrow page cards stand one below the other, and what a step comes after is said with it alone. */
export function Lines({ of, chosen, within }: Props) {
  const [places, setPlaces] = useState<ReadonlyMap<number, Place>>(new Map());
  const wanted = useMemo(() => [...new Set(of.flat())].join(" "), [of]);
  useLayoutEffect(() => {
    const root = within.current;
    if (!root || wanted === "") return;
    const look = () => {
      const origin = root.getBoundingClientRect();
      const [dx, dy] = [root.scrollLeft - origin.left, root.scrollTop - origin.top];
      const found = new Map<number, Place>();
      for (const number of wanted.split(" ")) {
        const box = root.querySelector(`[data-step="${number}"]`)?.getBoundingClientRect();
        if (!box) continue;
        const middle = Math.round(box.top + box.height / 2 + dy);
        found.set(Number(number), { left: box.left + dx, right: box.right + dx, middle });
      }
      setPlaces(found);
    };
    look();
    const watch = new ResizeObserver(look);
    watch.observe(root);
    return () => watch.disconnect();
  }, [within, wanted]);
  if (of.length === 0) return null;
  const all = [...places.values()];
  const width = Math.max(0, ...all.map((place) => place.right));
  const height = Math.max(0, ...all.map((place) => place.middle)) + 8;
  return (
    <svg
      aria-hidden
      data-lines
      className="pointer-events-none absolute top-0 left-0 fill-none max-md:hidden"
      width={width}
      height={height}
    >
      {of.map(([from, to]) => {
        const [one, other] = [places.get(from), places.get(to)];
        if (!one || !other) return null;
        const near = chosen === from || chosen === to;
        return (
          <path
            key={`${from} ${to}`}
            d={path(one, other)}
            className={near ? "stroke-accent" : "stroke-line-strong"}
            strokeWidth={near ? 2 : 1}
          />
        );
      })}
    </svg>
  );
}

/** From the right of one card to the left of the other; within a column around their left sides. */
function path(one: Place, other: Place): string {
  if (other.left > one.right) {
    const bend = Math.min(28, (other.left - one.right) / 2);
    return `M${one.right} ${one.middle}C${one.right + bend} ${one.middle} ${other.left - bend} ${other.middle} ${other.left} ${other.middle}`;
  }
  const out = Math.min(one.left, other.left) - 10;
  return `M${one.left} ${one.middle}C${out} ${one.middle} ${out} ${other.middle} ${other.left} ${other.middle}`;
}
