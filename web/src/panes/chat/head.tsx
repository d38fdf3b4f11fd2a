// The head of a chat: where it belongs, what it is called, what it came from, what can be done with it.
import { GitFork, Plus, Search } from "lucide-react";
import { chatLabel } from "../../live/desk.ts";
import { useList } from "../../live/react.tsx";
import { IconButton, iconButtonClass } from "../../parts/button.tsx";
import { count } from "../../parts/format.ts";
import { Menu } from "../../parts/menu.tsx";
import { PaneHead } from "../../parts/pane.tsx";
import { Link } from "../../routes.tsx";
import type { Origin } from "../../wire/index.ts";
import type { ChatId, Command } from "./commands.ts";

interface Props {
  id: ChatId;
  title: string;
  origin: Origin | null;
  commands: readonly Command[];
}

export function Head({ id: { project, session }, title, origin, commands }: Props) {
  const projects = useList("projects").rows;
  const name = projects.find((row) => row.id === project)?.name ?? "";
  const find = commands.find((command) => command.name === "search");
  return (
    <PaneHead>
      {name && (
        <>
          <Link
            to={{ pane: "project", project }}
            className="max-w-40 shrink-0 truncate text-faint hover:text-ink max-md:hidden"
          >
            {name}
          </Link>
          <span aria-hidden className="text-line-strong max-md:hidden">
            /
          </span>
        </>
      )}
      <h1 className="min-w-0 truncate font-semibold" title={title}>
        {title}
      </h1>
      {origin?.kind === "fork" && <ForkOf origin={origin} />}
      <Menu
        label="What can be done with the chat"
        actions={commands
          .filter((command) => command.inMenu)
          .map(({ does, icon, run, keys }) => ({
            label: does,
            icon,
            run: () => run(""),
            ...(keys ? { keys } : {}),
          }))}
      />
      <span className="flex-1" />
      {find && (
        <IconButton label={find.does} onClick={() => find.run("")}>
          <Search size={15} aria-hidden />
        </IconButton>
      )}
      <Link
        to={{ pane: "session", project, session }}
        title="New chat in this session"
        className={iconButtonClass}
      >
        <Plus size={15} aria-label="New chat in this session" />
      </Link>
    </PaneHead>
  );
}

/** What a fork came from, with the way back. */
function ForkOf({ origin }: { origin: Extract<Origin, { kind: "fork" }> }) {
  const row = useList("chats").rows.find((it) => it.stream === origin.stream);
  const words = `Fork of ${row ? `“${chatLabel(row)}”` : "another chat"}, at revision ${count(origin.revision)}`;
  const inside = (
    <>
      <GitFork size={13} className="shrink-0" aria-hidden />
      <span className="min-w-0 truncate max-md:sr-only">{row ? chatLabel(row) : "another chat"}</span>
    </>
  );
  const look = "flex min-w-6 shrink items-center gap-1 text-faint text-small";
  if (!row)
    return (
      <span title={words} className={look}>
        {inside}
      </span>
    );
  return (
    <Link
      to={{ pane: "chat", project: row.project, session: row.session, chat: row.id }}
      title={words}
      className={`${look} hover:text-ink`}
    >
      <span className="sr-only">Fork of</span>
      {inside}
    </Link>
  );
}
