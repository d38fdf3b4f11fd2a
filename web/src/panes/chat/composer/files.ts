// Files that go with a message: they are stored while one still types.
import { useCallback, useEffect, useRef, useState } from "react";
import { uuid7 } from "../../../live/ids.ts";
import { upload } from "../../../live/upload.ts";
import type { Attachment } from "../../../wire/index.ts";

/** A message takes so many files. */
export const MOST_FILES = 20;

/** A file on its way, or one that did not get there. */
export interface Sending {
  id: string;
  file: File;
  name: string;
  /** Why it did not get there. */
  failed: string | null;
}

interface Files {
  sending: readonly Sending[];
  add(files: Iterable<File>): void;
  again(id: string): void;
  giveUp(id: string): void;
}

/** Stores files; `onStored` is told of each that is. */
export function useFiles(onStored: (attachment: Attachment) => void): Files {
  const [sending, setSending] = useState<readonly Sending[]>([]);
  const running = useRef(new Map<string, AbortController>());
  const stored = useRef(onStored);
  useEffect(() => {
    stored.current = onStored;
  });
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const abort of all.values()) abort.abort();
    };
  }, []);
  const remove = useCallback((id: string) => setSending((was) => was.filter((it) => it.id !== id)), []);
  const send = useCallback(
    ({ id, file, name }: Sending) => {
      const abort = new AbortController();
      running.current.set(id, abort);
      const say = (failed: string | null) =>
        setSending((was) => was.map((it) => (it.id === id ? { ...it, failed } : it)));
      say(null);
      upload(file, abort.signal)
        .then(
          ({ sha256, bytes, type }) => {
            remove(id);
            stored.current({ blob: sha256, bytes, type, name });
          },
          (error) => abort.signal.aborted || say(error instanceof Error ? error.message : String(error)),
        )
        .finally(() => running.current.delete(id));
    },
    [remove],
  );
  const add = (files: Iterable<File>) => {
    const fresh = [...files].map(
      (file): Sending => ({ id: uuid7(), file, name: nameOf(file), failed: null }),
    );
    setSending((was) => [...was, ...fresh]);
    for (const each of fresh) send(each);
  };
  const again = (id: string) => {
    const one = sending.find((it) => it.id === id);
    if (one) send(one);
  };
  const giveUp = (id: string) => {
    running.current.get(id)?.abort();
    remove(id);
  };
  return { sending, add, again, giveUp };
}

/** What a file is called, on one line and not too long; what is pasted often has no name. */
export function nameOf({ name, type }: Pick<File, "name" | "type">): string {
  const plain = [...name]
    .filter((sign) => sign >= " ")
    .join("")
    .trim();
  if (plain) return plain.slice(-200);
  return type.startsWith("image/") ? `image.${type.slice(6)}` : "text.txt";
}

/** The files that are pasted or dropped; none where it is text that is. */
export function filesOf(data: DataTransfer | null): File[] {
  return data ? [...data.files] : [];
}
