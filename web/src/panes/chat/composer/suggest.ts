// What is suggested while one types: commands after a slash at the beginning.
import { type KeyboardEvent, useState } from "react";
import { matching, type SlashCommand, typedCommand } from "./slash.ts";
import type { Suggestion } from "./suggestions.tsx";

interface Field {
  text: string;
  commands: readonly SlashCommand[];
  /** Writes another text into the field. */
  write(text: string): void;
}

export interface Suggested {
  label: string;
  items: readonly Suggestion[];
  active: number;
  setActive(index: number): void;
  /** What is shown where nothing fits. */
  empty: string | null;
  /** Does what a key means in the list; says whether it meant anything. */
  press(event: KeyboardEvent): boolean;
}

/** What fits what is typed; null where nothing is suggested. */
export function useSuggestions(field: Field): Suggested | null {
  const found = commandsFor(field);
  const subject = found ? `${found.label} ${found.items.map((item) => item.key).join(" ")}` : "";
  const [dismissed, setDismissed] = useState("");
  const [choice, setChoice] = useState({ subject: "", index: 0 });
  if (dismissed && dismissed !== field.text) setDismissed("");
  if (!found || dismissed) return null;
  const { label, items, empty } = found;
  const active = choice.subject === subject ? choice.index : 0;
  const setActive = (index: number) => setChoice({ subject, index });
  const press = (event: KeyboardEvent): boolean => {
    if (event.key === "Escape") {
      setDismissed(field.text);
      return true;
    }
    const item = items[active];
    if (!item) return false;
    switch (event.key) {
      case "ArrowDown":
        setActive((active + 1) % items.length);
        return true;
      case "ArrowUp":
        setActive((active - 1 + items.length) % items.length);
        return true;
      case "Enter":
        if (event.shiftKey || event.altKey) return false;
        item.choose("take");
        return true;
      case "Tab":
        if (event.shiftKey) return false;
        item.choose("complete");
        return true;
      default:
        return false;
    }
  };
  return { label, items, active, setActive, empty, press };
}

type Found = Pick<Suggested, "label" | "items" | "empty">;

function commandsFor({ text, commands, write }: Field): Found | null {
  const typed = typedCommand(text);
  if (!typed) return null;
  const items = matching(commands, text).map(
    (command): Suggestion => ({
      key: command.name,
      icon: command.icon,
      label: `/${command.name}`,
      takes: command.takes,
      detail: command.does,
      choose(how) {
        if (how === "complete" && typed.rest === null) {
          write(`/${command.name}${command.takes ? " " : ""}`);
        } else {
          write("");
          command.run(typed.rest ?? "");
        }
      },
    }),
  );
  if (items.length > 0) return { label: "Commands", items, empty: null };
  // A slash alone may also begin a message.
  return commands.length > 0 && typed.rest === null
    ? { label: "Commands", items, empty: `There is no command /${typed.name}. Enter sends it as a message.` }
    : null;
}
