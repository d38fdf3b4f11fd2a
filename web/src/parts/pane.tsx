// A pane as what stands in it sees it: whether it is the one in use, its head, and the title by which the frame calls it.
import { createContext, type ReactNode, use, useEffect, useSyncExternalStore } from "react";

export interface PaneInfo {
  id: number;
  /** It is the one in use. */
  active: boolean;
  /** What the frame puts into its head. */
  grip: ReactNode;
  controls: ReactNode;
}

export const PaneContext = createContext<PaneInfo | null>(null);

/** The pane around a component; null in the frame. */
export function usePane(): PaneInfo | null {
  return use(PaneContext);
}

/** Whether the component stands in the pane in use. */
export function useIsActive(): boolean {
  return usePane()?.active ?? true;
}

/** The head of a pane: what it is, what can be done with it, and the frame's own controls at its end. */
export function PaneHead({ children }: { children: ReactNode }) {
  const pane = usePane();
  return (
    <header className="flex h-11 shrink-0 items-center gap-2 border-line border-b px-4 max-md:px-3">
      {pane?.grip}
      <div className="flex min-w-0 flex-1 items-center gap-2">{children}</div>
      {pane?.controls && <div className="flex shrink-0 items-center">{pane.controls}</div>}
    </header>
  );
}

let titles: ReadonlyMap<number, string> = new Map();
const listeners = new Set<() => void>();

function put(id: number, title: string | null): void {
  const after = new Map(titles);
  if (title) after.set(id, title);
  else after.delete(id);
  titles = after;
  for (const listener of listeners) listener();
}

/** Says what the pane is called. */
export function usePaneTitle(title: string): void {
  const id = usePane()?.id;
  useEffect(() => {
    if (id === undefined) return;
    put(id, title);
    return () => put(id, null);
  }, [id, title]);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What the panes say they are called, by their ids. */
export function usePaneTitles(): ReadonlyMap<number, string> {
  return useSyncExternalStore(listen, () => titles);
}
