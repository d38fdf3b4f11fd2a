// The command that says what was written.
import { uuid7 } from "../../../live/ids.ts";
import type { Command } from "../../../wire/index.ts";
import type { Draft } from "./drafts.ts";

export function posting({ text, attachments }: Draft): Command {
  const said = { type: "PostMessage" as const, message: uuid7(), text };
  return attachments.length > 0 ? { ...said, attachments: [...attachments] } : said;
}
