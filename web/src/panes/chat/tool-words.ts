// What a tool call does, in a few words: the verb, and the argument that matters.

export interface Words {
  verb: string;
  subject: string;
}

type Arguments = Record<string, unknown>;

const TOOLS: Record<string, ((of: Arguments) => Words) | undefined> = {
  list_directory: (of) => ({ verb: "List", subject: text(of.path) || "." }),
  read_file: (of) => ({ verb: "Read", subject: text(of.path) + lines(of) }),
  find_files: (of) => ({ verb: "Find", subject: text(of.pattern ?? of.glob) + within(of) }),
  search_text: (of) => ({ verb: "Search", subject: text(of.pattern ?? of.query ?? of.text) + within(of) }),
};

/** The words for a call of a tool with these arguments, which are normally JSON. */
export function describe(name: string, written: string): Words {
  const of = parsed(written);
  if (!of) return { verb: name, subject: written };
  const known = TOOLS[name]?.(of);
  if (known) return known;
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
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function within(of: Arguments): string {
  const path = text(of.path);
  return path && path !== "." ? ` in ${path}` : "";
}

function lines(of: Arguments): string {
  const from = number(of.start_line ?? of.from ?? of.offset);
  const to = number(of.end_line ?? of.to) ?? last(from, number(of.limit));
  if (from === null && to === null) return "";
  return `:${from ?? 1}${to === null ? "" : `-${to}`}`;
}

function last(from: number | null, limit: number | null): number | null {
  return limit === null ? null : (from ?? 1) + limit - 1;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
