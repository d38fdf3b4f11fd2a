// What the palette offers, and in which order: what was used last first, then what fits best.
import type { LucideIcon } from "lucide-react";
import { fuzzy, type Match } from "../../../parts/fuzzy.ts";

export type Kind = "action" | "project" | "session" | "chat" | "model";

export interface Item {
  /** The same for good, so that what was used last is known again. */
  id: string;
  kind: Kind;
  label: string;
  /** Where it belongs. */
  detail?: string;
  words?: string;
  icon?: LucideIcon;
  keys?: string;
  run(): void;
  /** Opens it in a pane of its own. */
  beside?(): void;
}

export interface Found extends Item {
  at: number[];
}

export interface Group {
  label: string;
  items: Found[];
}

const TITLES: Record<Kind, string> = {
  action: "Actions",
  session: "Sessions",
  chat: "Chats",
  project: "Projects",
  model: "Models",
};

/** So many of each kind are shown before something is written, and so many in all after that. */
const FEW = 8;
const MOST = 50;

const plain = (item: Item): Found => ({ ...item, at: [] });

/** What is shown for a query; `recent` are the ids of what was used, the last first. */
export function groups(items: readonly Item[], query: string, recent: readonly string[]): Group[] {
  if (query.trim() === "") return unasked(items, recent);
  const found = items.flatMap((item) => {
    const match = fuzzy(query, item.label, `${item.words ?? ""} ${item.detail ?? ""}`);
    return match ? [{ ...item, at: match.at, score: ranked(item, match, recent) }] : [];
  });
  found.sort((a, b) => b.score - a.score);
  return found.length > 0 ? [{ label: "Found", items: found.slice(0, MOST) }] : [];
}

/** Of two that fit alike, the one that was used of late is meant, and an action before a thing of the same name. */
function ranked(item: Item, { score }: Match, recent: readonly string[]): number {
  const used = recent.indexOf(item.id);
  return score + (used < 0 ? 0 : 4 - used * 0.2) + (item.kind === "action" ? 1 : 0);
}

function unasked(items: readonly Item[], recent: readonly string[]): Group[] {
  const used = recent.flatMap((id) => items.find((item) => item.id === id) ?? []).slice(0, 5);
  const rest = items.filter((item) => !used.includes(item));
  const kinds = (Object.keys(TITLES) as Kind[]).map((kind) => ({
    label: TITLES[kind],
    items: rest.filter((item) => item.kind === kind).slice(0, kind === "action" ? 30 : FEW),
  }));
  return [{ label: "Used last", items: used }, ...kinds]
    .filter((group) => group.items.length > 0)
    .map((group) => ({ ...group, items: group.items.map(plain) }));
}

const KEPT = 20;

/** What was used, with one more in front. */
export function afterUse(recent: readonly string[], id: string): string[] {
  return [id, ...recent.filter((other) => other !== id)].slice(0, KEPT);
}
