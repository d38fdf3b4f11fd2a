// The messages of a chat, from the first to what is being written now. Only what is near to the eye is drawn.
import { ArrowDown } from "lucide-react";
import { memo, type ReactNode, useRef, useState } from "react";
import type { StreamEntry } from "../../../live/entries.ts";
import { useOlder } from "../../../live/react.tsx";
import { useActions } from "../../../parts/actions.ts";
import { bodyLength } from "../../../parts/format.ts";
import type { ChatView } from "../../../wire/index.ts";
import { type Folds, FoldsContext } from "../rows/folds.ts";
import { RowView } from "../rows/index.tsx";
import { Working } from "../rows/working.tsx";
import { guessedHeight } from "./height.ts";
import { LookoutContext, useLookout, useNear } from "./near.tsx";
import { nameOf, Parts, type Stretch } from "./parts.ts";
import { sameRow } from "./rows.ts";
import { useStick } from "./scroll.ts";
import { type Target, useTarget } from "./target.ts";
import { Unread } from "./unread.tsx";

interface Props {
  chat: string;
  entry: StreamEntry<ChatView>;
  /** The server is away. */
  away: boolean;
  /** Where to go: another one goes there again. */
  target: Target | null;
  /** Which lines are open. */
  folds: Folds;
  /** What stands after the last message. */
  children: ReactNode;
}

/** So many stretches at the end are always drawn: something may be written there at any moment. */
const LAST = 3;

export function Conversation({ chat, entry, away, target, folds, children }: Props) {
  const { view } = entry;
  const { older, blocks } = useOlder(chat);
  const [assembly] = useState(() => new Parts());
  const parts = assembly.of(view, blocks);
  const own = view.turns + view.queue.length;
  const { scroller, content, below, scrolled, toEnd, goTo } = useStick(tailOf(view), own);
  useTarget(target, parts, folds, scroller, goTo);
  useActions([{ id: "chat.newest", label: "Go to the newest message", keys: "End", run: toEnd }]);
  const list = useRef<HTMLDivElement>(null);
  const lookout = useLookout(scroller, list);
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keyboard too
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        aria-busy={view.turn !== null}
        className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px]"
      >
        <div ref={content} className="mx-auto max-w-[48rem] px-4 pt-1 pb-6 max-md:px-3">
          <LookoutContext value={lookout}>
            <FoldsContext value={folds}>
              <div ref={list}>
                {parts.map((part, index) =>
                  part.kind === "hole" ? (
                    <Unread key={`hole ${part.block}`} hole={part} older={older} first={view.first} />
                  ) : (
                    <Drawn key={part.number} stretch={part} last={index >= parts.length - LAST} />
                  ),
                )}
              </div>
            </FoldsContext>
          </LookoutContext>
          {view.turn && <Working view={view} turn={view.turn} away={away} />}
          {children}
        </div>
      </div>
      {scrolled && (
        <button
          type="button"
          onClick={toEnd}
          className={`-translate-x-1/2 absolute bottom-3 left-1/2 flex h-7 items-center gap-1.5 rounded-full border px-3 text-small shadow-pop ${below ? "border-accent bg-raised text-accent" : "border-line bg-raised text-soft"}`}
        >
          <ArrowDown size={13} aria-hidden />
          {below ? "New below" : "To the end"}
        </button>
      )}
    </div>
  );
}

interface DrawnProps {
  stretch: Stretch;
  /** It is among the last. */
  last: boolean;
}

/** A stretch of rows: as long as none of them changes it is not drawn again, and while it is far not at all. */
const Drawn = memo(
  function Drawn({ stretch, last }: DrawnProps) {
    const { rows } = stretch;
    const { box, near, height } = useNear(last);
    const drawn = near || last;
    return (
      <div
        ref={box}
        data-part={nameOf(stretch)}
        style={
          drawn ? undefined : { height: height ?? rows.reduce((sum, row) => sum + guessedHeight(row), 0) }
        }
      >
        {drawn && rows.map((row) => <RowView key={row.key} row={row} />)}
      </div>
    );
  },
  (was, now) =>
    was.last === now.last &&
    was.stretch.rows.length === now.stretch.rows.length &&
    was.stretch.rows.every((row, at) => {
      const other = now.stretch.rows[at];
      return other !== undefined && sameRow(row, other);
    }),
);

/** Another word whenever something came at the end. */
function tailOf({ messages, first }: ChatView): string {
  const last = messages.at(-1);
  const total = first + messages.length;
  if (last?.kind !== "call") return String(total);
  const { text, reasoning, tool_calls = [] } = last;
  return `${total} ${bodyLength(text)} ${bodyLength(reasoning)} ${tool_calls.length}`;
}
