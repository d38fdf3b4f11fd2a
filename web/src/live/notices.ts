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
  failed: "failed",
  cancelled: null,
};

/** What the states of the chats were, by their ids. */
export type States = ReadonlyMap<string, ChatRowState>;

export const statesOf = (chats: readonly ChatRow[]): States =>
  new Map(chats.map((chat) => [chat.id, chat.state]));

/** What has ended between two moments. A chat that was not known before tells nothing. */
export function notices(before: States, chats: readonly ChatRow[]): Notice[] {
  return chats.flatMap((chat) => {
    const what = ENDED[chat.state];
    return what !== null && before.get(chat.id) === "running" ? [{ chat, what }] : [];
  });
}
