// How high a row will be, guessed from what stands in it: only for the scrollbar, until it is drawn.
import { shown } from "../../../parts/format.ts";
import type { Body } from "../../../wire/index.ts";
import { type Row, toolsOf } from "./rows.ts";

const LINE = 23;
const COLUMN = 80;
/** A message that was never read, in pixels. */
export const UNREAD = 64;

function lines(body: Body): number {
  const bytes = typeof body === "string" ? body.length : body.bytes;
  const breaks = shown(body).split("\n").length - 1;
  return Math.max(1, breaks + Math.ceil(bytes / COLUMN));
}

export function guessedHeight(row: Row): number {
  switch (row.kind) {
    case "user":
      return 44 + lines(row.message.text) * LINE;
    case "call":
      return 12 + lines(row.call.text) * LINE;
    case "tools":
      return 12 + Math.min(toolsOf(row).length, 4) * 28;
    case "end":
      return 32;
    case "raw":
      return 120;
  }
}
