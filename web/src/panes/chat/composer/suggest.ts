// What is suggested while one types: commands after a slash at the beginning, files after an at sign.
import { FileText, Folder } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { useRead } from "../../../parts/read.ts";
import { useSettled } from "../../../parts/settled.ts";
import type { Files } from "../../../wire/index.ts";
import { type Mention, mentionAt, mentioned } from "./mention.ts";
import { matching, type SlashCommand, typedCommand } from "./slash.ts";
import type { Suggestion } from "./suggestions.tsx";

interface Field {
  text: string;
  caret: number;
  commands: readonly SlashCommand[];
  /** The project whose files are named. */
  project: string;
  /** Writes another text into the field, and puts the caret to a place in it. */
  write(text: string, caret: number): void;
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
  const files = useFilesFor(field);
  const found = commandsFor(field) ?? files;
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
        if ((how === "complete" || command.inserts) && typed.rest === null) {
          const whole = `/${command.name}${command.takes ? " " : ""}`;
          write(whole, whole.length);
        } else {
          write("", 0);
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

/** So many files are listed. */
const MOST = 30;

/** The files and folders that may be meant by the name before the caret. */
function useFilesFor({ text, caret, project, write }: Field): Found | null {
  const mention = mentionAt(text, caret);
  const query = useSettled(mention?.query ?? null, 40);
  const wanted = mention !== null && query !== null;
  const path = wanted
    ? `/api/projects/${project}/files?query=${encodeURIComponent(query)}&limit=${MOST}`
    : null;
  const { data, error } = useRead<Files>(path);
  if (!mention) return null;
  if (error && !data) return { label: "Files", items: [], empty: error.message };
  if (!data) return null;
  return {
    label: "Files",
    items: data.items.map((item) => suggestionOf(item, mention)),
    empty: `No file or folder fits “${mention.query}”.`,
  };

  function suggestionOf(item: Files["items"][number], at: Mention): Suggestion {
    const name = item.path.split("/").at(-1) ?? item.path;
    return {
      key: item.path,
      icon: item.kind === "folder" ? Folder : FileText,
      label: item.kind === "folder" ? `${name}/` : name,
      detail: item.path === name ? undefined : item.path,
      choose(how) {
        // Taken as it is, a folder is named; completed, one goes on into it.
        const after = mentioned(text, caret, at, item, how === "complete");
        write(after.text, after.caret);
      },
    };
  }
}
