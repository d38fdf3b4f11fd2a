// The workflows of a project as commands that are typed: `/name arguments` runs one beside the chat.
import { Workflow } from "lucide-react";
import { useState } from "react";
import { send } from "../../../live/http.ts";
import { reason } from "../../../parts/format.ts";
import { useRead } from "../../../parts/read.ts";
import { useRouter } from "../../../routes.tsx";
import type { RunRow, Workflows } from "../../../wire/index.ts";
import type { SlashCommand } from "./slash.ts";

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

/**
 * The commands; read once somebody types a slash (`wanted`). What cannot be started is told to `onTrouble`, with what was
 * typed.
 */
export function useWorkflowCommands(
  { project, session }: Where,
  wanted: boolean,
  onTrouble: (why: string, typed: string) => void,
): SlashCommand[] {
  const { go } = useRouter();
  const [ever, setEver] = useState(false);
  if (wanted && !ever) setEver(true);
  const { data } = useRead<Workflows>(ever ? `/api/workflows?project=${project}` : null);
  const usable = data?.items.filter((item) => !item.error && !item.hidden) ?? [];
  return usable.map((item) => ({
    name: item.name.toLowerCase(),
    icon: Workflow,
    does: item.description,
    takes: "arguments",
    // It may cost something: its name is completed first, and what follows is read before it runs.
    inserts: true,
    run: (rest) => {
      const args = argumentsOf(rest);
      const body = { workflow: item.name, session, ...(args === undefined ? {} : { args }) };
      send<RunRow>("POST", "/api/runs", body).then(
        (run) => go({ pane: "run", project, session, run: run.id }, "beside"),
        (error) => onTrouble(reason(error), `/${item.name} ${rest}`.trimEnd()),
      );
    },
  }));
}
