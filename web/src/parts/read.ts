// A read by HTTP as a component needs it: what came, what went wrong, and again.
import { useCallback, useEffect, useState } from "react";
import { get } from "../live/http.ts";

export interface Read<T> {
  data: T | null;
  /** The path from which that came. */
  of: string | null;
  error: Error | null;
  again(): void;
}

/**
 * Reads a path, again whenever `since` is another; null reads nothing. What was read stays while another path is read,
 * until that is here.
 */
export function useRead<T>(path: string | null, since = 0): Read<T> {
  const [result, setResult] = useState<Omit<Read<T>, "again">>({ data: null, of: null, error: null });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round, or something that happened since, reads the same path again
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (data) => abort.signal.aborted || setResult({ data, of: path, error: null }),
      (error) => abort.signal.aborted || setResult((was) => ({ ...was, error })),
    );
    return () => abort.abort();
  }, [path, since, round]);
  const again = useCallback(() => setRound((was) => was + 1), []);
  return { ...result, again };
}
