// What can be done with a chat: typed after a slash, found in the palette, reached by keys. Said once, here.
import {
  Archive,
  ArchiveRestore,
  Copy,
  GitFork,
  History,
  Keyboard,
  Pencil,
  Search,
  Sparkles,
  Square,
  SquarePen,
} from "lucide-react";
import { wholeText } from "../../live/blobs.ts";
import { useLive } from "../../live/react.tsx";
import { type Action, offered, useActions } from "../../parts/actions.ts";
import { copyText } from "../../parts/copy.ts";
import { isEmpty } from "../../parts/format.ts";
import { usePane } from "../../parts/pane.tsx";
import { useRouter } from "../../routes.tsx";
import type { Body, ChatView } from "../../wire/index.ts";
import type { SlashCommand } from "./composer/slash.ts";

export interface Command extends SlashCommand {
  keys?: string;
  /** It stands in the menu of the head. */
  inMenu?: boolean;
  /** The frame, or the field, offers it elsewhere already. */
  typedOnly?: boolean;
}

export interface ChatId {
  project: string;
  session: string;
  chat: string;
}

/** What the pane itself opens. */
export interface Doors {
  rename(): void;
  chooseModel(): void;
  find(words: string): void;
  fork(): void;
}

export function useCommands(
  { project, session, chat }: ChatId,
  view: ChatView,
  doors: Doors,
): readonly Command[] {
  const live = useLive();
  const { go } = useRouter();
  const pane = usePane()?.id;
  const stream = `chat/${chat}`;
  const answer = lastAnswer(view);
  const all: (Command | null)[] = [
    {
      name: "rename",
      icon: Pencil,
      does: "Rename the chat",
      inMenu: true,
      takes: "title",
      run: (title) => (title ? void live.command(stream, { type: "RenameChat", title }) : doors.rename()),
    },
    {
      name: "model",
      icon: Sparkles,
      does: "Have another model answer",
      takes: "provider/model",
      run: (model) =>
        model ? void live.command(stream, { type: "ConfigureChat", model }) : doors.chooseModel(),
    },
    {
      name: "search",
      icon: Search,
      does: "Search in this chat",
      takes: "words",
      keys: "Mod+F",
      inMenu: true,
      run: doors.find,
    },
    {
      name: "fork",
      icon: GitFork,
      does: "Fork the chat as it is now",
      inMenu: true,
      run: doors.fork,
    },
    {
      name: "replay",
      icon: History,
      does: "Replay, step by step",
      inMenu: true,
      run: () => go({ pane: "replay", project, session, chat }),
    },
    {
      name: "new",
      icon: SquarePen,
      does: "Begin another chat in this session",
      typedOnly: true,
      run: () => go({ pane: "session", project, session }),
    },
    answer === null
      ? null
      : {
          name: "copy",
          icon: Copy,
          does: "Copy the last answer",
          run: () => void wholeText(answer, chat).then(copyText),
        },
    view.about?.archived
      ? {
          name: "unarchive",
          icon: ArchiveRestore,
          does: "Bring the chat back",
          inMenu: true,
          run: () => void live.command(stream, { type: "UnarchiveChat" }),
        }
      : {
          name: "archive",
          icon: Archive,
          does: "Put the chat away",
          inMenu: true,
          run: () => void live.command(stream, { type: "ArchiveChat" }),
        },
    view.turn && {
      name: "stop",
      icon: Square,
      does: "Stop the answer",
      typedOnly: true,
      run: () => void live.command(stream, { type: "CancelTurn" }),
    },
    {
      name: "help",
      icon: Keyboard,
      does: "Show the shortcuts",
      typedOnly: true,
      run: () =>
        offered(pane ?? 0)
          .everywhere.find((action) => action.keys === "?")
          ?.run?.(),
    },
  ];
  const commands = all.filter((command) => command !== null);
  useActions(commands.filter((command) => !command.typedOnly).map(actionOf));
  return commands;
}

function actionOf({ name, icon, does, keys, run }: Command): Action {
  return { id: `chat.${name}`, label: does, icon, run: () => run(""), ...(keys ? { keys } : {}) };
}

/** The last answer; null where there is none. */
function lastAnswer({ messages }: ChatView): Body | null {
  for (const message of messages.slice(-60).reverse()) {
    if (message.kind !== "call") continue;
    // One that cannot be drawn cannot be copied either.
    if (message.text && !isEmpty(message.text)) return message.text;
  }
  return null;
}
