// What a tool call does, in a few words: the verb, and the argument that matters.

export interface Words {
  verb: string;
  subject: string;
}

type Arguments = Record<string, unknown>;

interface Told {
  verb: string;
  subject(of: Arguments): string;
}

const TOOLS: Record<string, Told | undefined> = {
  list_directory: { verb: "List", subject: (of) => text(of.path) || "." },
  read_file: { verb: "Read", subject: (of) => text(of.path) + lines(of) },
  find_files: { verb: "Find", subject: (of) => text(of.pattern) + within(of) },
  search_text: { verb: "Search", subject: (of) => text(of.pattern) + within(of) },
};

/** What a tool does, in a word. */
export function verbOf(name: string): string {
  return TOOLS[name]?.verb ?? name;
}

/** The words for a call of a tool with these arguments, which are normally JSON. */
export function describe(name: string, written: string): Words {
  const of = parsed(written);
  if (!of) return { verb: name, subject: written };
  const known = TOOLS[name];
  if (known) return { verb: known.verb, subject: known.subject(of) };
  const first = Object.values(of).find((value) => typeof value === "string");
  return { verb: name, subject: text(first) };
}

function parsed(written: string): Arguments | null {
  try {
    const value: unknown = JSON.parse(written || "{}");
    return typeof value === "object" && value !== null ? (value as Arguments) : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(text).join(", ");
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** Where it is searched: a folder other than the project's own, and files of some names only. */
function within(of: Arguments): string {
  const places = [of.path, of.glob]
    .map(text)
    .filter((place) => place !== "" && place !== "." && place !== "**");
  return places.length > 0 ? ` in ${places.join(" ")}` : "";
}

/** The lines that are read, where not all are. */
function lines({ offset, limit }: Arguments): string {
  const from = typeof offset === "number" ? offset : 1;
  if (typeof limit === "number") return `:${from}-${from + limit - 1}`;
  return from > 1 ? `:${from}` : "";
}
