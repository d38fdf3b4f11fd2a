// How much of a conversation the model is sent, and the summary in the place of what is earlier: the mirror of the server's
// own fold.
import type { Attachment, Body, ChatContext, ChatView, Compaction, Micros, Usage } from "../wire/index.ts";

export const NEW_CONTEXT: ChatContext = { used: 0, added: 0, compactions: 0, failures: 0 };

/** So many summaries in a row may fail before no more are made unasked. */
const FAILURES = 3;
/** What an image takes, in bytes of text. */
const IMAGE = 6_000;

/** A message goes into the next prompt. */
export function posted(view: ChatView, text: Body, attachments: Attachment[]): ChatView {
  const files = attachments.map((it) => (it.type.startsWith("image/") ? IMAGE : it.bytes));
  return added(
    view,
    files.reduce((sum, it) => sum + it, bytesOf(text)),
  );
}

/** Text goes into the next prompt. */
export function added(view: ChatView, bytes: number): ChatView {
  return { ...view, context: { ...view.context, added: view.context.added + bytes } };
}

/** A call ended well. */
export function used(view: ChatView, usage: Usage, window: number | null | undefined): ChatView {
  const { window: _, ...context } = view.context;
  const now = { ...context, used: usage.input + usage.output, added: 0 };
  return { ...view, context: window == null ? now : { ...now, window } };
}

/** Another model answers from now on. */
export function configured(view: ChatView): ChatView {
  const { window: _, ...context } = view.context;
  return { ...view, context: { ...context, failures: 0 } };
}

/** The chat is a fork from here on: a summary that is being made is made elsewhere. */
export function forked(view: ChatView, otherModel: boolean): ChatView {
  const { requested: _, ...context } = view.context;
  const apart = { ...view, context: context.compaction ? closed(context) : context };
  return otherModel ? configured(apart) : apart;
}

/** A call is too long, and is tried once more behind a summary. */
export function tooLong(view: ChatView, at: Micros): ChatView {
  const turn = view.turn && { ...view.turn, shortened: true };
  return { ...view, turn, context: due(view.context, "too_long", at) };
}

/** Another call is about to be wanted. */
export function beforeCall(view: ChatView, at: Micros): ChatView {
  const { requested, ...context } = view.context;
  const nearlyFull = isNearlyFull(context) && context.failures < FAILURES;
  if (!(requested || nearlyFull)) return view;
  const reason = requested ? "requested" : "nearly_full";
  return { ...view, context: canCompact(view) ? due(context, reason, at) : context };
}

/** The turn is over: only what somebody asked for is still to be made. */
export function turnEnded(view: ChatView, at: Micros): ChatView {
  const { requested, ...rest } = view.context;
  const called = rest.compaction && rest.compaction.reason !== "requested" ? closed(rest) : rest;
  return { ...view, context: requested && canCompact(view) ? due(called, "requested", at) : called };
}

/** Somebody asked for a summary. */
export function requested(view: ChatView, at: Micros): ChatView {
  const context = view.turn ? { ...view.context, requested: true } : due(view.context, "requested", at);
  return { ...view, context };
}

/** An attempt at a summary began. */
export function compacting(
  view: ChatView,
  { number, attempt, upto }: { number: number; attempt: number; upto: number },
): ChatView {
  const compaction = running(view.context, number);
  if (!compaction) return view;
  return { ...view, context: { ...view.context, compaction: { ...compaction, begun: attempt, upto } } };
}

/** A summary takes the place of what is earlier. */
export function compacted(
  view: ChatView,
  { number, summary, upto }: { number: number; summary: Body; upto: number },
): ChatView {
  if (!running(view.context, number)) return view;
  const asked = view.turn?.message;
  const place = view.messages.findLastIndex((it) => it.kind === "user" && it.message === asked);
  const isBefore = asked != null && (place < 0 || view.first + place < upto);
  const context = {
    ...closed(view.context),
    used: 0,
    added: 0,
    failures: 0,
    summary: { text: summary, upto, ...(isBefore ? { asked } : {}) },
  };
  return { ...view, context };
}

/** A summary failed. */
export function notCompacted(view: ChatView, number: number): ChatView {
  if (!running(view.context, number)) return view;
  return { ...view, context: { ...closed(view.context), failures: view.context.failures + 1 } };
}

/** Four fifths of the window, as far as is known: the rest is for the answer. */
function isNearlyFull({ used, added, window }: ChatContext): boolean {
  return window != null && (used + Math.floor(added / 4)) * 5 >= window * 4;
}

function canCompact(view: ChatView): boolean {
  return upto(view) > (view.context.summary?.upto ?? 0);
}

/** The index of the first message that would not be summed up now. */
function upto({ turn, first, messages }: ChatView): number {
  if (!turn) return first + messages.length;
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message?.kind === "call" && message.state.kind === "finished") return first + at + 1;
    if (message?.kind === "user" && message.message === turn.message) return first + at;
  }
  return 0;
}

function due(context: ChatContext, reason: Compaction["reason"], since: Micros): ChatContext {
  return context.compaction ? context : { ...context, compaction: { reason, since } };
}

function running(context: ChatContext, number: number): Compaction | null {
  return number === context.compactions + 1 ? (context.compaction ?? null) : null;
}

function closed({ compaction: _, ...context }: ChatContext): ChatContext {
  return { ...context, compactions: context.compactions + 1 };
}

const encoder = new TextEncoder();

/** How long a text is, in bytes of UTF-8. */
export function bytesOf(body: Body): number {
  return typeof body === "string" ? encoder.encode(body).length : body.bytes;
}
