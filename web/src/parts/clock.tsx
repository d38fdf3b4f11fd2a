// Time on the page: one clock that all share, and moments told by how long ago they were.
import { useCallback, useSyncExternalStore } from "react";
import type { Micros } from "../wire/index.ts";
import { ago, exactly } from "./format.ts";

interface Clock {
  now: number;
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval> | undefined;
}

const clocks = new Map<number, Clock>();

function clockOf(every: number): Clock {
  let clock = clocks.get(every);
  if (!clock) {
    clock = { now: Date.now(), listeners: new Set(), timer: undefined };
    clocks.set(every, clock);
  }
  return clock;
}

/** The time in ms since 1970, anew after each `every` ms. */
export function useNow(every: number): number {
  const listen = useCallback(
    (listener: () => void) => {
      const clock = clockOf(every);
      clock.listeners.add(listener);
      clock.now = Date.now();
      clock.timer ??= setInterval(() => {
        clock.now = Date.now();
        for (const each of clock.listeners) each();
      }, every);
      return () => {
        clock.listeners.delete(listener);
        if (clock.listeners.size > 0) return;
        clearInterval(clock.timer);
        clock.timer = undefined;
      };
    },
    [every],
  );
  return useSyncExternalStore(listen, () => clockOf(every).now);
}

export function Ago({ at, className }: { at: Micros; className?: string }) {
  const now = useNow(30_000);
  return (
    <time
      dateTime={new Date(at / 1_000).toISOString()}
      title={exactly(at)}
      className={`numbers whitespace-nowrap ${className ?? ""}`}
    >
      {ago(at, now)}
    </time>
  );
}
