// The frame: rail, one pane, status line; on a phone one pane at a time over a bottom bar.
import { useEffect, useState } from "react";
import { useConnection, useList, usePosition } from "../../live/react.tsx";
import { ProvidersContext } from "../../parts/models.ts";
import { useRead } from "../../parts/read.ts";
import { Empty, Skeleton } from "../../parts/status.tsx";
import { Link, type Route, useRouter } from "../../routes.tsx";
import type { Providers } from "../../wire/index.ts";
import { ChatPane } from "../chat/index.tsx";
import { NewChat } from "../chat/new.tsx";
import { Home } from "../home/index.tsx";
import { Settings } from "../settings/index.tsx";
import { SignIn } from "../signin/index.tsx";
import { AddProject } from "../start/index.tsx";
import { BottomBar } from "./bottom-bar.tsx";
import { useShortcuts } from "./keys.ts";
import { Rail } from "./rail.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { StatusLine } from "./status-line.tsx";

export function Shell() {
  const { phase } = useConnection();
  useMarks();
  return phase === "signed-out" ? <SignIn /> : <Frame />;
}

function Frame() {
  const { route, visits, go } = useRouter();
  const [browsing, setBrowsing] = useState(false);
  const [folded, setFolded] = useState(() => localStorage.getItem("rail") === "folded");
  const [help, setHelp] = useState(false);
  const providers = useRead<Providers>("/api/providers");
  const fold = () =>
    setFolded((was) => {
      localStorage.setItem("rail", was ? "open" : "folded");
      return !was;
    });
  useShortcuts({
    fold,
    help: () => setHelp(true),
    create: () => go(createFrom(route)),
    home: () => go({ pane: "home" }),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever chose something on the phone wants to see it
  useEffect(() => setBrowsing(false), [visits]);
  return (
    <ProvidersContext value={providers}>
      <div className="flex h-dvh flex-col">
        <a
          href="#pane"
          className="absolute -top-20 left-2 z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:top-2"
        >
          Skip to the pane
        </a>
        <Reconnecting />
        <div className="flex min-h-0 flex-1">
          <Rail folded={folded} onFold={fold} />
          <main id="pane" tabIndex={-1} className="min-w-0 flex-1 outline-none">
            {browsing && (
              <div className="h-full md:hidden">
                <h1 className="sr-only">Sessions</h1>
                <Rail browsing />
              </div>
            )}
            <div className={`h-full ${browsing ? "max-md:hidden" : ""}`}>
              <Pane route={route} />
            </div>
          </main>
        </div>
        <StatusLine onHelp={() => setHelp(true)} />
        <BottomBar browsing={browsing} onBrowse={() => setBrowsing((was) => !was)} />
        <Shortcuts open={help} onClose={() => setHelp(false)} />
      </div>
    </ProvidersContext>
  );
}

function Pane({ route }: { route: Route }) {
  const projects = useList("projects");
  switch (route.pane) {
    case "home":
      if (projects.rows.length > 0) return <Home />;
      return projects.freshness === "live" ? <AddProject first /> : <Skeleton />;
    case "add":
      return <AddProject first={false} />;
    case "settings":
      return <Settings />;
    case "project":
      return <NewChat key={route.project} project={route.project} />;
    case "session":
      return <NewChat key={route.session} project={route.project} session={route.session} />;
    case "chat":
      return <ChatPane key={route.chat} project={route.project} session={route.session} chat={route.chat} />;
    case "lost":
      return (
        <div className="flex h-full">
          <Empty title="There is nothing at this address">
            <p>
              <code className="font-mono text-code">{route.path}</code> is no address of this page.
            </p>
            <Link to={{ pane: "home" }} className="text-accent underline">
              Go to the start
            </Link>
          </Empty>
        </div>
      );
  }
}

/** Where a new chat is begun, seen from where one is. */
function createFrom(route: Route): Route {
  if (route.pane === "chat") return { pane: "session", project: route.project, session: route.session };
  if ("project" in route) return { pane: "project", project: route.project };
  return { pane: "home" };
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
