// What was typed and not sent, with the files that go with it, kept on this machine for each chat.
import { useCallback, useState } from "react";
import type { Attachment } from "../../../wire/index.ts";

/** A message that is not sent yet. */
export interface Draft {
  text: string;
  attachments: readonly Attachment[];
}

export const EMPTY: Draft = { text: "", attachments: [] };

const textKey = (draft: string) => `draft:${draft}`;
const filesKey = (draft: string) => `draft-files:${draft}`;

export function isEmptyDraft({ text, attachments }: Draft): boolean {
  return text.trim() === "" && attachments.length === 0;
}

function read(draft: string): Draft {
  try {
    const text = localStorage.getItem(textKey(draft)) ?? "";
    const files: unknown = JSON.parse(localStorage.getItem(filesKey(draft)) ?? "[]");
    return { text, attachments: Array.isArray(files) ? files : [] };
  } catch {
    return EMPTY;
  }
}

/** Keeps a draft, until the chat is looked at next. */
export function keepDraft(draft: string, { text, attachments }: Draft): void {
  try {
    put(textKey(draft), text);
    put(filesKey(draft), attachments.length > 0 ? JSON.stringify(attachments) : "");
  } catch {
    // Storage is full or closed: the draft then lasts as long as the page.
  }
}

function put(key: string, value: string): void {
  if (value) localStorage.setItem(key, value);
  else localStorage.removeItem(key);
}

export type ChangeDraft = (change: Partial<Draft> | ((was: Draft) => Partial<Draft>)) => void;

/** The draft of a chat, and how to change it. */
export function useDraft(draft: string): [Draft, ChangeDraft] {
  const [now, setNow] = useState(() => read(draft));
  const change: ChangeDraft = useCallback(
    (by) =>
      setNow((was) => {
        const after = { ...was, ...(typeof by === "function" ? by(was) : by) };
        keepDraft(draft, after);
        return after;
      }),
    [draft],
  );
  return [now, change];
}
