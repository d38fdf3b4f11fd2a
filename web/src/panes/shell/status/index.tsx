// The line at the foot: connection, revision, what runs, tokens and cache, how the log is; each opens more.
import { Keyboard } from "lucide-react";
import { useConnection, usePosition } from "../../../live/react.tsx";
import type { Phase } from "../../../live/socket.ts";
import { Fact, Facts } from "../../../parts/facts.tsx";
import { count, plural } from "../../../parts/format.ts";
import { useHealth } from "../../../parts/health.ts";
import { Popover } from "../../../parts/popover.tsx";
import { Link, useRouter } from "../../../routes.tsx";
import { ChatFacts } from "./chat.tsx";
import { part } from "./part.ts";
import { Running } from "./running.tsx";

const WORDS: Record<Phase, string> = {
  connecting: "connecting",
  live: "connected",
  reconnecting: "reconnecting",
  "signed-out": "signed out",
};

export function StatusLine({ onHelp }: { onHelp(): void }) {
  const { version } = useConnection();
  const { route } = useRouter();
  return (
    <footer className="numbers flex h-6 shrink-0 items-center gap-1.5 overflow-hidden whitespace-nowrap border-line border-t bg-rail px-1.5 text-faint text-tiny max-md:hidden">
      <Connected />
      {route.pane === "chat" && <ChatFacts chat={route.chat} />}
      <Running />
      <Log />
      <span className="ml-auto flex items-center gap-1.5">
        <Link to={{ pane: "settings" }} className={part}>
          settings
        </Link>
        <button type="button" onClick={onHelp} className={part}>
          <Keyboard size={12} aria-hidden />
          shortcuts
        </button>
        {version && (
          <Link to={{ pane: "settings", section: "about" }} className={part} title={`version ${version}`}>
            {version.split("+")[0]}
          </Link>
        )}
      </span>
    </footer>
  );
}

function Connected() {
  const { phase, failures, log, user, role } = useConnection();
  const position = usePosition();
  return (
    <Popover
      label="Connection"
      className={part}
      trigger={
        <>
          <span
            aria-hidden
            className={`size-1.5 ${phase === "live" ? "rounded-full bg-good" : "animate-breathe rounded-[1px] bg-warn"}`}
          />
          {WORDS[phase]}
        </>
      }
    >
      {() => (
        <Facts>
          <Fact name="Server">{location.host}</Fact>
          {failures > 0 && <Fact name="Tries">{count(failures)}</Fact>}
          {user && <Fact name="Signed in">{`${user.id}${role ? `, ${role}` : ""}`}</Fact>}
          <Fact name="Position">{count(position)}</Fact>
          <Fact name="Log">
            <code className="font-mono text-code">{log ?? "not known yet"}</code>
          </Fact>
        </Facts>
      )}
    </Popover>
  );
}

/** What the server says of its data folder; nothing while it has not been asked. */
function Log() {
  const { data } = useHealth();
  if (!data) return null;
  const { troubles = [] } = data;
  return (
    <Link
      to={{ pane: "settings", section: "about" }}
      className={`${part} ${troubles.length > 0 ? "font-medium text-bad" : ""}`}
      title={troubles[0] ?? "The log and what is derived from it have no troubles"}
    >
      {troubles.length > 0 ? plural(troubles.length, "trouble") : "log in order"}
    </Link>
  );
}
