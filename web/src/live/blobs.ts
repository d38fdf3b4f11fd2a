// Long texts, stored by the server under their hash: they never change, so that each is read once.
import type { BlobRef, Body, Call, ChatView, ServerFrame } from "../wire/index.ts";
import { getText } from "./http.ts";

const KEPT = 64;
const texts = new Map<string, Promise<string>>();
const known = new Map<string, string>();

/** The text of a blob. */
export function blobText(reference: BlobRef): Promise<string> {
  let text = texts.get(reference.blob);
  if (!text) {
    text = getText(`/api/blobs/${reference.blob}`).then((whole) => {
      remember(reference.blob, whole);
      return whole;
    });
    text.catch(() => texts.delete(reference.blob));
    texts.set(reference.blob, text);
  }
  return text;
}

/** The whole of a text, wherever it stands. */
export async function wholeText(body: Body): Promise<string> {
  return typeof body === "string" ? body : blobText(body);
}

/** The text of a blob, where it is at hand already. */
export function knownBlob(reference: BlobRef): string | undefined {
  return known.get(reference.blob);
}

/** What has just been streamed is kept as the text of the blob that now stands for it, so that nothing jumps. */
export function rememberBlobs(view: unknown, frame: ServerFrame): void {
  if (frame.op !== "event" || frame.type !== "ModelCallFinished") return;
  const data = frame.data as { call: string; text?: BlobRef | string; reasoning?: BlobRef | string };
  const call = (view as ChatView).messages.findLast(
    (message): message is Call => message.kind === "call" && message.call === data.call,
  );
  for (const part of ["text", "reasoning"] as const) {
    const [streamed, stored] = [call?.[part], data[part]];
    if (typeof streamed !== "string" || typeof stored !== "object" || !stored) continue;
    if (new TextEncoder().encode(streamed).length === stored.bytes) remember(stored.blob, streamed);
  }
}

function remember(blob: string, text: string): void {
  known.set(blob, text);
  texts.set(blob, Promise.resolve(text));
  for (const [oldest] of known) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
    texts.delete(oldest);
  }
}
