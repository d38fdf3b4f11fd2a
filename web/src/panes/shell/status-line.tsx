// The line at the foot: connection, revision, what runs, how much came from the cache.
import { Keyboard } from "lucide-react";
import { useChat, useConnection, useList } from "../../live/react.tsx";
import type { Phase } from "../../live/socket.ts";
import { brief, cacheShare, count } from "../../parts/format.ts";
import { Link, useRouter } from "../../routes.tsx";

const WORDS: Record<Phase, string> = {
  connecting: "connecting",
  live: "connected",
  reconnecting: "reconnecting",
  "signed-out": "signed out",
};

export function StatusLine({ onHelp }: { onHelp(): void }) {
  const { phase, version } = useConnection();
  const { route } = useRouter();
  const running = useList("chats").rows.filter((chat) => chat.state === "running");
  return (
    <footer className="numbers flex h-6 shrink-0 items-center gap-3 border-line border-t bg-rail px-3 text-faint text-tiny max-md:hidden">
      <span className="flex items-center gap-1.5">
        <span
          aria-hidden
          className={`size-1.5 rounded-full ${phase === "live" ? "bg-good" : "bg-warn animate-breathe"}`}
        />
        {WORDS[phase]}
      </span>
      {route.pane === "chat" && <ChatFacts chat={route.chat} />}
      {running.length > 0 && <span>{count(running.length)} running</span>}
      <span className="ml-auto flex items-center gap-3">
        <Link to={{ pane: "settings" }} className="hover:text-ink">
          settings
        </Link>
        <button type="button" onClick={onHelp} className="flex items-center gap-1 hover:text-ink">
          <Keyboard size={12} aria-hidden />
          shortcuts
        </button>
        {version && <span title={`version ${version}`}>{version.split("+")[0]}</span>}
      </span>
    </footer>
  );
}

function ChatFacts({ chat }: { chat: string }) {
  const { revision, view } = useChat(chat);
  if (revision === null) return null;
  const cached = cacheShare(view.usage);
  const { input, output, estimated } = view.usage;
  return (
    <>
      <span>revision {count(revision)}</span>
      {input + output > 0 && (
        <span>
          {estimated && "about "}
          {brief(input + output)} tokens
        </span>
      )}
      {cached !== null && cached > 0 && <span>{cached} % cached</span>}
    </>
  );
}
