// What is worth telling of when one looks elsewhere: a turn that ended, or something that waits for a person.
import type { ChatRow, ChatRowState } from "../wire/index.ts";

export interface Notice {
  chat: ChatRow;
  what: string;
}

/** In a few words, what became of a chat that ran; null where one did it oneself. */
const ENDED: Record<ChatRowState, string | null> = {
  running: null,
  idle: "has an answer",
  waiting: "waits for you",
  failed: "failed",
  cancelled: null,
};

/** What was known of the chats, by their ids. */
export type Known = ReadonlyMap<string, Pick<ChatRow, "state" | "turns">>;

export const knownOf = (chats: readonly ChatRow[]): Known => new Map(chats.map((chat) => [chat.id, chat]));

/**
 * What has ended between two moments. A short turn may never have been seen running: it has ended all the same where
 * there is one turn more.
 */
export function notices(before: Known, chats: readonly ChatRow[]): Notice[] {
  return chats.flatMap((chat) => {
    const what = ENDED[chat.state];
    const known = before.get(chat.id);
    const ended = known?.state === "running" || chat.turns > (known?.turns ?? 0);
    return what !== null && ended ? [{ chat, what }] : [];
  });
}
