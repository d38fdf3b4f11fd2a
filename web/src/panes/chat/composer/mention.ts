// Files that are named while one types: an at sign, and a part of the path.

export interface Mention {
  /** Where the at sign stands. */
  from: number;
  /** What is written after it, up to the caret. */
  query: string;
}

/** The name that is being typed right before the caret. */
export function mentionAt(text: string, caret: number): Mention | null {
  const [whole, , query] = /(^|[\s(])@("[^"\n]*|[^\s"@]*)$/.exec(text.slice(0, caret)) ?? [];
  if (whole === undefined || query === undefined) return null;
  return { from: caret - query.length - 1, query: query.replace(/^"/, "") };
}

/** What stands in place of what was typed, and where the caret is then. A folder may stay open for more. */
export function mentioned(
  text: string,
  caret: number,
  { from }: Mention,
  { path, kind }: { path: string; kind: "file" | "folder" },
  goOn: boolean,
): { text: string; caret: number } {
  const open = kind === "folder" && goOn;
  const whole = kind === "folder" ? `${path.replace(/\/$/, "")}/` : path;
  const quoted = /\s/.test(whole);
  const written = `@${quoted ? `"${whole}` : whole}${quoted && !open ? '"' : ""}`;
  const after = text.slice(caret);
  const gap = open || /^\s/.test(after) ? "" : " ";
  return {
    text: text.slice(0, from) + written + gap + after,
    caret: from + written.length + (open ? 0 : 1),
  };
}
