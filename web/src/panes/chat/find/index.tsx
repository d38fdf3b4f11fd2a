// Words are looked for in a chat: the field, what was found, and from one find to the next.
import { ChevronDown, ChevronUp, FileOutput, MessageSquare, Search, Sparkles, Wrench, X } from "lucide-react";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { BLOCK, type Blocks } from "../../../live/older.ts";
import { IconButton } from "../../../parts/button.tsx";
import { count } from "../../../parts/format.ts";
import { useRead } from "../../../parts/read.ts";
import { useSettled } from "../../../parts/settled.ts";
import type { ChatView, Find, Finds } from "../../../wire/index.ts";
import { localFinds, type Run } from "./local.ts";
import { unmark } from "./mark.ts";

/** So many finds are listed at most. */
const MOST = 200;

const KINDS = {
  said: { icon: MessageSquare, word: "you" },
  answer: { icon: Sparkles, word: "answer" },
  arguments: { icon: Wrench, word: "tool" },
  output: { icon: FileOutput, word: "output" },
} as const;

interface Props {
  chat: string;
  view: ChatView;
  blocks: Blocks;
  /** What was asked for: another one is looked for anew. */
  asked: { words: string };
  onGo(find: Find, words: string): void;
  onClose(): void;
}

export function FindBar({ chat, view, blocks, asked, onGo, onClose }: Props) {
  const [words, setWords] = useState(asked.words);
  const { finds, truncated, known, failed } = useFinds(chat, view, blocks, words.trim());
  const [at, setAt] = useState<number | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => {
    if (asked.words) setWords(asked.words);
    field.current?.select();
  }, [asked]);
  useEffect(() => unmark, []);
  const go = (index: number) => {
    const find = finds[index];
    if (!find) return;
    setAt(index);
    onGo(find, words);
  };
  // The newest comes first; the next one is older.
  const step = (by: 1 | -1) => {
    if (finds.length > 0) go(at === null ? 0 : (at + by + finds.length) % finds.length);
  };
  const total = `${count(finds.length)}${truncated ? "+" : ""}`;
  return (
    <search aria-label="Search in this chat" className="block border-line border-b bg-ground">
      <div className="mx-auto flex max-w-[48rem] items-center gap-1 px-4 py-1.5 max-md:px-3">
        <Search size={14} className="shrink-0 text-faint" aria-hidden />
        <input
          ref={field}
          value={words}
          maxLength={200}
          aria-label="Words to look for"
          aria-controls={list}
          placeholder="Search in this chat"
          onChange={(event) => {
            setWords(event.target.value);
            setAt(null);
          }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === "Escape") onClose();
            else if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
            else if (event.key === "ArrowDown") step(1);
            else if (event.key === "ArrowUp") step(-1);
            else return;
            event.preventDefault();
          }}
          className="h-7 min-w-0 flex-1 bg-transparent px-1 outline-none max-md:text-[1rem]"
        />
        <span role="status" className="numbers shrink-0 text-faint text-small">
          {words.trim() !== "" &&
            (finds.length > 0
              ? `${at === null ? "" : `${at + 1} of `}${total}`
              : known
                ? "nothing found"
                : "")}
        </span>
        <IconButton label="Older find" onClick={() => step(1)} disabled={finds.length === 0}>
          <ChevronUp size={15} aria-hidden />
        </IconButton>
        <IconButton label="Newer find" onClick={() => step(-1)} disabled={finds.length === 0}>
          <ChevronDown size={15} aria-hidden />
        </IconButton>
        <IconButton label="Close the search" onClick={onClose}>
          <X size={15} aria-hidden />
        </IconButton>
      </div>
      {failed && finds.length > 0 && (
        <p className="mx-auto max-w-[48rem] px-4 pb-1 text-small text-warn">
          Only what is here was searched: {failed}
        </p>
      )}
      <List id={list} finds={finds} at={at} onGo={go} />
    </search>
  );
}

interface ListProps {
  id: string;
  finds: readonly Find[];
  at: number | null;
  onGo(index: number): void;
}

function List({ id, finds, at, onGo }: ListProps) {
  const current = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another find is gone to
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest" });
  }, [at]);
  if (finds.length === 0) return null;
  return (
    <ul
      id={id}
      aria-label="Finds"
      className="mx-auto max-h-36 max-w-[48rem] overflow-y-auto px-2 pb-1.5 max-md:max-h-28"
    >
      {finds.map((find, index) => {
        const { icon: Icon, word } = KINDS[find.kind];
        return (
          <li key={`${find.index} ${find.kind} ${find.tool_call ?? ""}`}>
            <button
              ref={index === at ? current : undefined}
              type="button"
              onClick={() => onGo(index)}
              aria-current={index === at}
              className={`flex h-7 w-full items-center gap-2 rounded-sm px-2 text-left text-small hover:bg-hover max-md:h-9 ${index === at ? "bg-chosen" : ""}`}
            >
              <Icon size={13} className="shrink-0 text-faint" aria-hidden />
              <span className="sr-only">{word}: </span>
              <span className="min-w-0 flex-1 truncate text-soft">
                <Marked find={find} />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** A snippet with what was found in it. */
function Marked({ find: { snippet, marks } }: { find: Find }) {
  const pieces: ReactNode[] = [];
  let done = 0;
  for (const { from, to } of marks) {
    pieces.push(snippet.slice(done, from));
    pieces.push(
      <mark key={from} className="bg-found text-ink">
        {snippet.slice(from, to)}
      </mark>,
    );
    done = to;
  }
  return [...pieces, snippet.slice(done)];
}

/** What is found: at once in what is here, soon in all of the chat. */
function useFinds(chat: string, view: ChatView, blocks: Blocks, words: string) {
  const settled = useSettled(words, 120);
  const path = settled ? `/api/chats/${chat}/search?q=${encodeURIComponent(settled)}&limit=${MOST}` : null;
  const { data, of, error } = useRead<Finds>(path);
  const here = useMemo(() => {
    const runs: Run[] = [{ from: view.first, messages: view.messages }];
    for (const [block, state] of blocks)
      if (typeof state === "object" && "messages" in state)
        runs.push({ from: block * BLOCK, messages: state.messages });
    return localFinds(runs, words, MOST);
  }, [view.first, view.messages, blocks, words]);
  const whole = settled === words && of === path ? data : null;
  return {
    finds: words === "" ? [] : (whole?.items ?? here),
    truncated: whole?.truncated ?? false,
    known: whole !== null || error !== null || view.first === 0,
    failed: whole ? null : (error?.message ?? null),
  };
}
