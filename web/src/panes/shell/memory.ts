// A session remembers how its panes were arranged: a while after the last change it is told.
import { useEffect } from "react";
import { useConnection, useLive } from "../../live/react.tsx";
import { onArranged } from "../../workspace/store.ts";
import { remembered } from "../../workspace/text.ts";

/** So long after the last change, in ms: whoever drags a line means the place where it ends. */
const CALM = 600;

export function useMemoryOfPanes(): void {
  const live = useLive();
  const { role } = useConnection();
  const mayTell = role === "operator" || role === "admin";
  useEffect(() => {
    if (!mayTell) return;
    const waiting = new Map<string, { panes: string; timer: ReturnType<typeof setTimeout> }>();
    const tell = (session: string) => {
      const held = waiting.get(session);
      if (!held) return;
      clearTimeout(held.timer);
      waiting.delete(session);
      void live.command(`session/${session}`, { type: "ArrangePanes", panes: held.panes });
    };
    const stop = onArranged((workspace) => {
      const { session } = workspace;
      if (!session) return;
      clearTimeout(waiting.get(session)?.timer);
      const timer = setTimeout(() => tell(session), CALM);
      waiting.set(session, { panes: remembered(workspace), timer });
    });
    // Whoever leaves right after a change has made it all the same.
    const leave = () => {
      for (const session of [...waiting.keys()]) tell(session);
    };
    addEventListener("pagehide", leave);
    return () => {
      leave();
      removeEventListener("pagehide", leave);
      stop();
    };
  }, [live, mayTell]);
}
