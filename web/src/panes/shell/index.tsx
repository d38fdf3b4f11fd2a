// The frame: rail, panes, status line; on a phone one pane at a time over a bottom bar.
import { lazy, Suspense, useEffect, useState } from "react";
import { useConnection, usePosition } from "../../live/react.tsx";
import { useKeys } from "../../parts/actions.ts";
import { Boundary } from "../../parts/boundary.tsx";
import { HealthContext, useHealthRead } from "../../parts/health.ts";
import { ProvidersContext } from "../../parts/models.ts";
import { useRead } from "../../parts/read.ts";
import { useRouter, useWorkspace } from "../../routes.tsx";
import type { Providers } from "../../wire/index.ts";
import { SignIn } from "../signin/index.tsx";
import { useFrameActions } from "./actions.ts";
import { useAttention } from "./attention.ts";
import { BottomBar } from "./bottom-bar.tsx";
import { useMemoryOfPanes } from "./memory.ts";
import { Panes } from "./panes.tsx";
import { Rail } from "./rail/index.tsx";
import { StatusLine } from "./status/index.tsx";

const Palette = lazy(() => import("./palette/index.tsx").then((it) => ({ default: it.Palette })));
const Shortcuts = lazy(() => import("./shortcuts.tsx").then((it) => ({ default: it.Shortcuts })));

export function Shell() {
  const { phase } = useConnection();
  useMarks();
  return phase === "signed-out" ? <SignIn /> : <Frame />;
}

function Frame() {
  const { visits } = useRouter();
  const { active } = useWorkspace();
  const [browsing, setBrowsing] = useState(false);
  const [folded, setFolded] = useState(() => localStorage.getItem("rail") === "folded");
  const [over, setOver] = useState<"help" | "palette" | null>(null);
  const close = () => setOver(null);
  const find = () => setOver("palette");
  const providers = useRead<Providers>("/api/providers");
  const health = useHealthRead();
  const fold = () =>
    setFolded((was) => {
      localStorage.setItem("rail", was ? "open" : "folded");
      return !was;
    });
  const help = () => setOver("help");
  useFrameActions({ fold, help, find });
  useKeys(active);
  useAttention();
  useMemoryOfPanes();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever chose something on the phone wants to see it
  useEffect(() => setBrowsing(false), [visits]);
  return (
    <ProvidersContext value={providers}>
      <HealthContext value={health}>
        <div className="flex h-dvh flex-col">
          <a
            href="#pane"
            className="absolute -top-20 left-2 z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:top-2"
          >
            Skip to the pane
          </a>
          <Reconnecting />
          <div className="flex min-h-0 flex-1">
            <Rail folded={folded} onFold={fold} onFind={find} />
            <main id="pane" tabIndex={-1} className="min-w-0 flex-1 outline-none">
              {browsing && (
                <div className="h-full md:hidden">
                  <h1 className="sr-only">Sessions</h1>
                  <Rail browsing onFind={find} />
                </div>
              )}
              <div className={`h-full ${browsing ? "max-md:hidden" : ""}`}>
                <Panes />
              </div>
            </main>
          </div>
          <StatusLine onHelp={help} />
          <BottomBar browsing={browsing} onBrowse={() => setBrowsing((was) => !was)} />
          <Boundary key={over} what="this dialog">
            <Suspense>
              {over === "help" && <Shortcuts onClose={close} pane={active} />}
              {over === "palette" && <Palette onClose={close} pane={active} />}
            </Suspense>
          </Boundary>
        </div>
      </HealthContext>
    </ProvidersContext>
  );
}

/** A thin line while the server is away; what was there stays readable below it. */
function Reconnecting() {
  const { phase, failures, log } = useConnection();
  const away = phase === "reconnecting";
  return (
    <div
      role="status"
      className={away ? "bg-warn-ground px-3 py-0.5 text-center text-small text-warn" : "sr-only"}
    >
      {away &&
        (failures > 8 && log === null
          ? "reconnecting: nothing answers at this address. Is the server running?"
          : "reconnecting")}
    </div>
  );
}

/** Attributes of the root that tests wait on: what they say is what is drawn. */
function useMarks(): void {
  const { phase } = useConnection();
  const position = usePosition();
  useEffect(() => {
    document.documentElement.dataset.connection = phase;
    document.documentElement.dataset.position = String(position);
  }, [phase, position]);
}
