// How the server is: asked when the page is connected and when it is looked at again.
import { createContext, use, useEffect } from "react";
import { useConnection } from "../live/react.tsx";
import type { Health } from "../wire/index.ts";
import { type Read, useRead } from "./read.ts";

const NONE: Read<Health> = { data: null, of: null, error: null, again: () => undefined };
export const HealthContext = createContext<Read<Health>>(NONE);

export function useHealth(): Read<Health> {
  return use(HealthContext);
}

/** Asks for the health of the server, anew whenever that may have changed. */
export function useHealthRead(): Read<Health> {
  const { phase } = useConnection();
  const read = useRead<Health>(phase === "live" ? "/health" : null);
  const { again } = read;
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && again();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [again]);
  return read;
}
