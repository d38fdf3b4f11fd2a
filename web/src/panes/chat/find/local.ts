// Finds words in the messages that are here, as the server finds them in all.
import { shown } from "../../../parts/format.ts";
import type { Body, Find, Message } from "../../../wire/index.ts";

/** So many characters of a text stand before and after what was found. */
const BEFORE = 60;
const AFTER = 120;

/** Messages that follow one another, of which the first has the index `from`. */
export interface Run {
  from: number;
  messages: readonly Message[];
}

/** Words as a pattern: any case, any white space between them. Null where there are none. */
export function patternOf(words: string): RegExp | null {
  const parts = words.split(/\s+/).filter((word) => word !== "");
  if (parts.length === 0) return null;
  const escaped = parts.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(escaped.join("\\s+"), "giu");
}

/** The texts that hold the words, the newest first. */
export function localFinds(runs: readonly Run[], words: string, most: number): Find[] {
  const pattern = patternOf(words);
  if (!pattern) return [];
  const finds: Find[] = [];
  for (const { from, messages } of runs.toSorted((a, b) => b.from - a.from))
    for (let at = messages.length - 1; at >= 0 && finds.length < most; at -= 1)
      for (const text of textsOf(messages[at] as Message)) {
        const snippet = snippetOf(text.body, pattern);
        if (snippet) finds.push({ index: from + at, ...text.of, ...snippet });
      }
  return finds.slice(0, most);
}

interface Text {
  body: Body;
  of: Pick<Find, "kind" | "tool_call">;
}

/** The texts of a message, the last first. */
function textsOf(message: Message): Text[] {
  if (message.kind === "user") return [{ body: message.text, of: { kind: "said" } }];
  if (message.kind !== "call") return [];
  const tools = (message.tool_calls ?? []).flatMap(({ tool_call, arguments: given, state }): Text[] => [
    { body: given, of: { kind: "arguments", tool_call } },
    ...(state.kind === "finished"
      ? [{ body: state.output, of: { kind: "output" as const, tool_call } }]
      : []),
  ]);
  return [{ body: message.text, of: { kind: "answer" as const } }, ...tools].reverse();
}

function snippetOf(body: Body, pattern: RegExp): Pick<Find, "snippet" | "marks"> | null {
  const text = body ? shown(body) : "";
  pattern.lastIndex = 0;
  const first = pattern.exec(text);
  if (!first) return null;
  const begin = Math.max(0, first.index - BEFORE);
  const end = Math.min(text.length, first.index + first[0].length + AFTER);
  const piece = text.slice(begin, end).replace(/\s+/g, " ").trim();
  const snippet = `${begin > 0 ? "…" : ""}${piece}${end < text.length ? "…" : ""}`;
  pattern.lastIndex = 0;
  const marks = [...snippet.matchAll(pattern)].map(({ index, 0: { length } }) => ({
    from: index,
    to: index + length,
  }));
  return { snippet, marks };
}
