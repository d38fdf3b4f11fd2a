// A session in the rail, and its chats where they are looked at.
import { Archive, Columns2, Pencil, Plus } from "lucide-react";
import { useState } from "react";
import { chatLabel, newestOf, type SessionOnDesk } from "../../../live/desk.ts";
import { useLive } from "../../../live/react.tsx";
import { isUnread, useSeen } from "../../../live/seen.ts";
import { outcomeOf, Rename } from "../../../parts/ask.tsx";
import { Ago } from "../../../parts/clock.tsx";
import { type Action, Menu, WithMenu } from "../../../parts/menu.tsx";
import { Mark } from "../../../parts/status.tsx";
import { Link, type Route, useRouter } from "../../../routes.tsx";
import type { ChatRow } from "../../../wire/index.ts";
import { sessionOf } from "../../../workspace/address.ts";

interface Props {
  session: SessionOnDesk;
  /** It shows what was looked for: all of it. */
  narrowed: boolean;
}

export function Session({ session, narrowed }: Props) {
  const { route, go } = useRouter();
  const live = useLive();
  const seen = useSeen();
  const [renaming, setRenaming] = useState(false);
  const here = sessionOf(route) === session.id;
  const news = session.inside.some((chat) => isUnread(chat, seen));
  const to = newestOf(session);
  const several = session.inside.length > 1;
  const chosen = here && !(several && route.pane === "chat");
  const begin: Route = { pane: "session", project: session.project, session: session.id };
  const actions: Action[] = [
    { label: "New chat", icon: Plus, run: () => go(begin) },
    { label: "Open beside", icon: Columns2, run: () => go(to, "beside") },
    { label: "Rename", icon: Pencil, run: () => setRenaming(true) },
    {
      label: "Archive",
      icon: Archive,
      run: () => {
        void live.command(session.stream, { type: "ArchiveSession" });
        if (here) go({ pane: "project", project: session.project });
      },
    },
  ];
  return (
    <li>
      <WithMenu
        actions={actions}
        render={
          <div
            className={`group/session flex items-center rounded-md ${chosen ? "bg-chosen" : "hover:bg-hover"}`}
          />
        }
      >
        <Link
          to={to}
          row
          current={chosen}
          title={session.label}
          className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-md pr-2 pl-6 max-md:h-10"
        >
          <span className={`min-w-0 flex-1 truncate ${news ? "font-semibold" : ""}`}>{session.label}</span>
          <Mark state={session.state} news={news} />
          <Ago
            at={session.active_at}
            className="text-faint text-tiny group-focus-within/session:hidden group-hover/session:hidden max-md:inline!"
          />
        </Link>
        <span className="hidden group-focus-within/session:flex group-hover/session:flex max-md:flex has-data-popup-open:flex">
          <Menu label={`Actions for ${session.label}`} actions={actions} />
        </span>
      </WithMenu>
      {(here || narrowed) && several && (
        <ul className="mt-px mb-1 ml-6 border-line border-l pl-1.5">
          {session.inside.map((chat) => (
            <Chat key={chat.id} chat={chat} />
          ))}
        </ul>
      )}
      {renaming && (
        <Rename
          title="Rename the session"
          name={session.label}
          onClose={() => setRenaming(false)}
          save={(title) => outcomeOf(live.command(session.stream, { type: "RenameSession", title }))}
        />
      )}
    </li>
  );
}

function Chat({ chat }: { chat: ChatRow }) {
  const { route, go } = useRouter();
  const live = useLive();
  const [renaming, setRenaming] = useState(false);
  const here = route.pane === "chat" && route.chat === chat.id;
  const news = isUnread(chat, useSeen());
  const label = chatLabel(chat);
  const to: Route = { pane: "chat", project: chat.project, session: chat.session, chat: chat.id };
  const actions: Action[] = [
    { label: "Open beside", icon: Columns2, run: () => go(to, "beside") },
    { label: "Rename", icon: Pencil, run: () => setRenaming(true) },
    {
      label: "Archive",
      icon: Archive,
      // Only what rests is put away.
      disabled: chat.state === "running",
      run: () => {
        void live.command(chat.stream, { type: "ArchiveChat" });
        if (here) go({ pane: "session", project: chat.project, session: chat.session });
      },
    },
  ];
  return (
    <li>
      <WithMenu
        actions={actions}
        render={
          <div
            className={`group/chat flex items-center rounded-md ${here ? "bg-chosen" : "hover:bg-hover"}`}
          />
        }
      >
        <Link
          to={to}
          row
          current={here}
          title={label}
          className={`flex h-6.5 min-w-0 flex-1 items-center gap-2 rounded-md px-2 text-small max-md:h-10 ${here ? "" : "text-soft"}`}
        >
          <span className={`min-w-0 flex-1 truncate ${news ? "font-semibold text-ink" : ""}`}>{label}</span>
          <Mark state={chat.state} news={news} />
        </Link>
        <span className="hidden group-focus-within/chat:flex group-hover/chat:flex max-md:flex has-data-popup-open:flex">
          <Menu label={`Actions for ${label}`} actions={actions} />
        </span>
      </WithMenu>
      {renaming && (
        <Rename
          title="Rename the chat"
          name={label}
          onClose={() => setRenaming(false)}
          save={(title) => outcomeOf(live.command(chat.stream, { type: "RenameChat", title }))}
        />
      )}
    </li>
  );
}
