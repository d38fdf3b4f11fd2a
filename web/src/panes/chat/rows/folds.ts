// Which lines of a conversation are open. What is scrolled out of sight and drawn anew is open as it was.
import { createContext, use, useCallback, useSyncExternalStore } from "react";

export class Folds {
  #open = new Map<string, boolean>();
  #listeners = new Set<() => void>();

  /** Whether a line is open; undefined where nobody has touched it. */
  get(key: string): boolean | undefined {
    return this.#open.get(key);
  }

  set(key: string, open: boolean): void {
    this.#open.set(key, open);
    for (const listener of this.#listeners) listener();
  }

  listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const FoldsContext = createContext(new Folds());

/** Whether a line is open, and how to change that. */
export function useFold(key: string, initially = false): [boolean, () => void] {
  const folds = use(FoldsContext);
  const open = useSyncExternalStore(folds.listen, () => folds.get(key) ?? initially);
  const toggle = useCallback(() => folds.set(key, !(folds.get(key) ?? initially)), [folds, key, initially]);
  return [open, toggle];
}
