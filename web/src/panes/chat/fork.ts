// Chats that go on as others: before a message, after a turn, with another model.
import { send } from "../../live/http.ts";
import { uuid7 } from "../../live/ids.ts";
import type { Live } from "../../live/live.ts";
import type { Forked, NewFork } from "../../wire/index.ts";
import type { Draft } from "./composer/drafts.ts";
import { posting } from "./composer/posting.ts";

/** Where a chat is forked, and which model goes on there. */
export type Place = Pick<NewFork, "at" | "before_message" | "after_turn" | "model" | "run">;

/** Makes a fork of a chat, and gives its id. */
export async function fork(chat: string, place: Place): Promise<string> {
  const id = uuid7();
  await send<Forked>("POST", `/api/streams/chat/${chat}/fork`, { ...place, id });
  return id;
}

/** Makes a fork of a chat and says something there, in place of what followed. */
export async function askAnew(live: Live, chat: string, place: Place, said: Draft): Promise<string> {
  const id = await fork(chat, place);
  const answer = await live.command(`chat/${id}`, posting(said));
  if (!answer.ok) throw new Error(answer.message);
  return id;
}
