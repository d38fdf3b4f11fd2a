// Commands that are typed: a slash, a name, and what it needs.

import type { LucideIcon } from "lucide-react";

export interface SlashCommand {
  name: string;
  icon: LucideIcon;
  /** What it does, in one line. */
  does: string;
  /** What may be written after the name. */
  takes?: string;
  /** To choose it completes its name; it runs when it is sent. */
  inserts?: boolean;
  /** `rest` is what was written after the name. */
  run(rest: string): void;
}

/**
 * What of a text is a command: nothing, unless it begins with a slash and a word. A name may have what the names of
 * workflows have, `builtin:` before them too.
 */
export function typedCommand(text: string): { name: string; rest: string | null } | null {
  const [, name, gap, rest] = /^\/((?:[a-z][\w:.-]*)?)(\s+)?([\s\S]*)$/i.exec(text) ?? [];
  if (name === undefined || (!gap && rest)) return null;
  return { name: name.toLowerCase(), rest: gap ? (rest ?? "").trim() : null };
}

/** The commands that a text may mean: while the name is typed all that fit, afterwards the one that has it. */
export function matching(commands: readonly SlashCommand[], text: string): SlashCommand[] {
  const typed = typedCommand(text);
  if (!typed) return [];
  if (typed.rest !== null)
    // Arguments may have several lines; a command of the chat with several is a message that begins like one.
    return commands.filter(
      (command) => command.name === typed.name && (command.inserts || !text.includes("\n")),
    );
  const rank = ({ name, does }: SlashCommand) => {
    if (name.startsWith(typed.name)) return 0;
    if (name.includes(typed.name)) return 1;
    return typed.name.length > 2 && does.toLowerCase().includes(typed.name) ? 2 : 3;
  };
  return commands
    .map((command) => ({ command, rank: rank(command) }))
    .filter((it) => it.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((it) => it.command);
}
