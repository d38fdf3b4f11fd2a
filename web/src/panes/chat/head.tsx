// The head of a chat: where it belongs, what it is called, what can be done with it.
import { Plus } from "lucide-react";
import { useList } from "../../live/react.tsx";
import { iconButtonClass } from "../../parts/button.tsx";
import { Menu } from "../../parts/menu.tsx";
import { PaneHead } from "../../parts/pane.tsx";
import { Link } from "../../routes.tsx";
import type { ChatId, Command } from "./commands.ts";

interface Props extends Omit<ChatId, "chat"> {
  title: string;
  commands: readonly Command[];
}

export function Head({ project, session, title, commands }: Props) {
  const projects = useList("projects").rows;
  const name = projects.find((row) => row.id === project)?.name ?? "";
  return (
    <PaneHead>
      {name && (
        <>
          <Link
            to={{ pane: "project", project }}
            className="max-w-40 shrink-0 truncate text-faint hover:text-ink"
          >
            {name}
          </Link>
          <span aria-hidden className="text-line-strong">
            /
          </span>
        </>
      )}
      <h1 className="min-w-0 truncate font-semibold" title={title}>
        {title}
      </h1>
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
