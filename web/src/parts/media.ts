// What the window is like.
import { useCallback, useSyncExternalStore } from "react";

/** Whether a media query fits. */
export function useMedia(query: string): boolean {
  const listen = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(listen, () => matchMedia(query).matches);
}

/** Whether there is room for one pane only; the same width as `max-md:` in class names. */
export const useIsPhone = (): boolean => useMedia("(max-width: 767.98px)");
