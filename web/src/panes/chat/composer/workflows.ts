// The workflows of a project as commands that are typed: `/name arguments` runs one beside the chat.
import { Workflow } from "lucide-react";
import { useState } from "react";
import { get, send } from "../../../live/http.ts";
import { reason } from "../../../parts/format.ts";
import { useRead } from "../../../parts/read.ts";
import { useRouter } from "../../../routes.tsx";
import type { RunRow, Workflows } from "../../../wire/index.ts";
import { type SlashCommand, typedCommand } from "./slash.ts";

interface Where {
  project: string;
  session: string;
}

/** An object or a list as JSON, another text as it is, nothing as nothing: as the command line reads it. */
export function argumentsOf(rest: string): unknown {
  if (rest === "") return undefined;
  try {
    const given: unknown = JSON.parse(rest);
    return typeof given === "object" && given !== null ? given : rest;
  } catch {
    return rest;
  }
}

/** The message that a text is: a second slash at its beginning says that it is none for a command. */
export function meant(text: string): string {
  return text.startsWith("//") ? text.slice(1) : text;
}

/** A workflow that is asked for by a name. */
export interface Named {
  /** In lower case, as commands are compared. */
  name: string;
  /** By this name it is run. */
  workflow: string;
  does: string;
}

/** Those that can run: one of ours behind another of its name is meant by `builtin:NAME`. */
export function namedOf({ items }: Workflows): Named[] {
  return items
    .filter((item) => !item.error && (!item.hidden || item.source === "built_in"))
    .map((item) => {
      const workflow = item.hidden ? `builtin:${item.name}` : item.name;
      return { name: workflow.toLowerCase(), workflow, does: item.description };
    });
}

interface Commands {
  commands: SlashCommand[];
  /** The command that a text is, looked for where it was sent before the list had come; null: it is a message. */
  late(text: string): Promise<SlashCommand | null>;
}

/**
 * The commands; read once somebody types a slash (`wanted`). What cannot be started is told to `onTrouble`, with what was
 * typed.
 */
export function useWorkflowCommands(
  { project, session }: Where,
  wanted: boolean,
  onTrouble: (why: string, typed: string) => void,
): Commands {
  const { go } = useRouter();
  const [ever, setEver] = useState(false);
  if (wanted && !ever) setEver(true);
  const path = `/api/workflows?project=${project}`;
  const { data, of } = useRead<Workflows>(ever ? path : null);
  const command = ({ name, workflow, does }: Named): SlashCommand => ({
    name,
    icon: Workflow,
    does,
    takes: "arguments",
    // It may cost something: its name is completed first, and what follows is read before it runs.
    inserts: true,
    run: (rest) => {
      const args = argumentsOf(rest);
      const body = { workflow, session, ...(args === undefined ? {} : { args }) };
      send<RunRow>("POST", "/api/runs", body).then(
        (run) => go({ pane: "run", project, session, run: run.id }, "beside"),
        (error) => onTrouble(reason(error), `/${workflow} ${rest}`.trimEnd()),
      );
    },
  });
  const late = async (text: string) => {
    const typed = typedCommand(text);
    if (!typed || (data && of === path)) return null;
    const found = namedOf(await get<Workflows>(path)).find((it) => it.name === typed.name);
    return found ? command(found) : null;
  };
  return { commands: data ? namedOf(data).map(command) : [], late };
}
