// Long texts, kept by the server in blobs or in events: they never change, so that each is read once.
import type { BlobRef, Body, Call, ChatView, ServerFrame } from "../wire/index.ts";
import { getText } from "./http.ts";

/** A text of which only the beginning stands in a view. */
export type Elsewhere = Exclude<Body, string>;

const KEPT = 64;
const texts = new Map<string, Promise<string>>();
const known = new Map<string, string>();

/** Where the whole of a text of a chat is, and its name here. */
function addressOf(reference: Elsewhere, chat: string): string {
  if ("blob" in reference) return `/api/blobs/${reference.blob}`;
  const { call, attempt, part } = reference;
  return `/api/chats/${chat}/written?call=${call}&attempt=${attempt}&part=${part}`;
}

/** The whole of a text of a chat, wherever it stands. */
export async function wholeText(body: Body, chat: string): Promise<string> {
  if (typeof body === "string") return body;
  const address = addressOf(body, chat);
  let text = texts.get(address);
  if (!text) {
    text = getText(address).then((whole) => {
      remember(address, whole);
      return whole;
    });
    text.catch(() => texts.delete(address));
    texts.set(address, text);
  }
  return text;
}

/** The whole of a text, where it is at hand already. */
export function knownText(reference: Elsewhere, chat: string): string | undefined {
  return known.get(addressOf(reference, chat));
}

/** After these, what is long and was streamed stands in the view as its beginning. */
const BREAKS: ReadonlySet<string> = new Set([
  "ModelCallStarted",
  "ModelCallFailed",
  "TurnCancelled",
  "Forked",
]);

/** What has just been streamed is kept as the text of what now stands for it, so that nothing jumps. */
export function rememberTexts(stream: string, view: unknown, frame: ServerFrame): void {
  if (frame.op !== "event") return;
  const chat = stream.slice(stream.indexOf("/") + 1);
  if (BREAKS.has(frame.type)) rememberBroken(chat, view as ChatView);
  if (frame.type !== "ModelCallFinished") return;
  const data = frame.data as { call: string; text?: BlobRef | string; reasoning?: BlobRef | string };
  const call = (view as ChatView).messages.findLast(
    (message): message is Call => message.kind === "call" && message.call === data.call,
  );
  for (const part of ["text", "reasoning"] as const) {
    const [streamed, stored] = [call?.[part], data[part]];
    if (typeof streamed !== "string" || typeof stored !== "object" || !stored) continue;
    if (new TextEncoder().encode(streamed).length === stored.bytes)
      remember(addressOf(stored, chat), streamed);
  }
}

function rememberBroken(chat: string, view: ChatView): void {
  const last = view.messages.at(-1);
  if (last?.kind !== "call" || last.state.kind !== "open" || last.attempt == null) return;
  const { call, attempt } = last;
  for (const part of ["text", "reasoning"] as const) {
    const body = last[part];
    if (typeof body !== "string" || body === "") continue;
    remember(addressOf({ call, attempt, part, bytes: 0, head: "" }, chat), body);
  }
}

function remember(address: string, text: string): void {
  known.set(address, text);
  texts.set(address, Promise.resolve(text));
  for (const [oldest] of known) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
    texts.delete(oldest);
  }
}
