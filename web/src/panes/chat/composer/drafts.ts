// What was typed and not sent, kept on this machine for each chat.
import { useCallback, useState } from "react";

const keyOf = (draft: string) => `draft:${draft}`;

function read(draft: string): string {
  try {
    return localStorage.getItem(keyOf(draft)) ?? "";
  } catch {
    return "";
  }
}

function write(draft: string, text: string): void {
  try {
    if (text) localStorage.setItem(keyOf(draft), text);
    else localStorage.removeItem(keyOf(draft));
  } catch {
    // Storage is full or closed: the draft then lasts as long as the page.
  }
}

/** The draft of a chat, and how to change it. */
export function useDraft(draft: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => read(draft));
  const change = useCallback(
    (to: string) => {
      write(draft, to);
      setText(to);
    },
    [draft],
  );
  return [text, change];
}
