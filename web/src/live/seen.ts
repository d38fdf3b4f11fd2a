// Which chats have news: what happened in them since they were last looked at in this browser.
import { useEffect, useSyncExternalStore } from "react";
import type { ChatRow, Micros } from "../wire/index.ts";

export interface Seen {
  /** Nothing that happened before this is news. */
  since: Micros;
  /** Up to when each chat was looked at. */
  chats: Record<string, Micros>;
}

const KEY = "seen";
/** So many chats are remembered; those looked at longest ago are forgotten. */
const KEPT = 300;

/** Whether something has ended in a chat that was not looked at yet. */
export function isUnread(chat: Pick<ChatRow, "id" | "state" | "turns" | "updated_at">, seen: Seen): boolean {
  return chat.state !== "running" && chat.turns > 0 && chat.updated_at > (seen.chats[chat.id] ?? seen.since);
}

/** What is remembered after a chat was looked at. The same object if nothing is new. */
export function afterLooking(seen: Seen, chat: string, at: Micros): Seen {
  if ((seen.chats[chat] ?? 0) >= at) return seen;
  const newest = Object.entries({ ...seen.chats, [chat]: at })
    .sort(([, a], [, b]) => b - a)
    .slice(0, KEPT);
  return { ...seen, chats: Object.fromEntries(newest) };
}

/** What was remembered, or a fresh beginning where that cannot be read. */
export function remembered(text: string | null, now: Micros): Seen {
  try {
    const kept = JSON.parse(text ?? "null") as Seen | null;
    if (kept && typeof kept.since === "number" && typeof kept.chats === "object" && kept.chats) return kept;
  } catch {
    // Something else wrote there.
  }
  return { since: now, chats: {} };
}

let current: Seen | null = null;
const listeners = new Set<() => void>();

function read(): Seen {
  if (current) return current;
  const text = localStorage.getItem(KEY);
  current = remembered(text, Date.now() * 1_000);
  if (text === null) keep(current);
  return current;
}

function write(seen: Seen): void {
  current = seen;
  keep(seen);
  for (const listener of listeners) listener();
}

function keep(seen: Seen): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(seen));
  } catch {
    // Storage is full or closed: the marks then last as long as the page.
  }
}

function listen(listener: () => void): () => void {
  // Another window looked at something.
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== KEY) return;
    current = null;
    listener();
  };
  listeners.add(listener);
  addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", elsewhere);
  };
}

export function useSeen(): Seen {
  return useSyncExternalStore(listen, read);
}

/** Remembers that a chat is looked at, as long as the page is in sight. */
export function useLooking(chat: string, updatedAt: Micros | undefined): void {
  useEffect(() => {
    if (updatedAt === undefined) return;
    const look = () => {
      const seen = read();
      const after = afterLooking(seen, chat, updatedAt);
      if (document.visibilityState === "visible" && after !== seen) write(after);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [chat, updatedAt]);
}
