// Replay of a chat: its events, the state after each of them with what it changed, and the event itself.
import {
  ArrowLeft,
  ChevronFirst,
  ChevronLast,
  ChevronLeft,
  ChevronRight,
  GitFork,
  History,
  Link as LinkIcon,
} from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { chatLabel } from "../../live/desk.ts";
import { useChat, useList } from "../../live/react.tsx";
import { type Action, useActions } from "../../parts/actions.ts";
import { Button, IconButton, iconButtonClass } from "../../parts/button.tsx";
import { CodeBlock } from "../../parts/code/index.tsx";
import { useCopy } from "../../parts/copy.ts";
import { count, reason } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { useRead } from "../../parts/read.ts";
import { useSettled } from "../../parts/settled.ts";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { address, Link, useRouter } from "../../routes.tsx";
import type { Counts } from "../../wire/index.ts";
import { fork } from "../chat/fork.ts";
import { Events, Sieve } from "./events.tsx";
import { EVERYTHING, isFilter, nextChange, streamPath, useChosen, useEvents, useMoment } from "./source.ts";
import { Tree } from "./tree.tsx";

interface Props {
  project: string;
  session: string;
  chat: string;
  /** The revision that is shown; the last one where absent, and then whichever is the last. */
  at?: number;
}

export function ReplayPane({ project, session, chat, at }: Props) {
  const entry = useChat(chat);
  const row = useList("chats", true).rows.find((it) => it.id === chat);
  const title = (row && chatLabel(row)) || entry.view.about?.title || "Chat";
  usePaneTitle(`Replay of ${title}`);
  const last = useSettled(entry.revision, 250);
  const here = { project, session, chat };
  return (
    <div className="@container flex h-full flex-col">
      <PaneHead>
        <Link to={{ pane: "chat", ...here }} title="Back to the chat" className={iconButtonClass}>
          <ArrowLeft size={15} aria-label="Back to the chat" />
        </Link>
        <h1 className="min-w-0 truncate font-semibold" title={title}>
          <span className="font-normal text-faint">Replay of </span>
          {title}
        </h1>
      </PaneHead>
      {last === null || last < 0 ? (
        <Nothing trouble={entry.trouble?.message} loading={entry.freshness === "loading"} />
      ) : (
        <Replay {...here} at={at} last={last} />
      )}
    </div>
  );
}

function Nothing({ trouble, loading }: { trouble: string | undefined; loading: boolean }) {
  if (trouble)
    return (
      <div className="p-4">
        <Trouble>{trouble}</Trouble>
      </div>
    );
  if (loading) return <Skeleton lines={8} label="Loading the chat" />;
  return (
    <Empty title="There is no such chat" level={2}>
      <p>Nothing has happened here yet.</p>
    </Empty>
  );
}

function Replay({
  project,
  session,
  chat,
  at,
  last,
}: Omit<Props, "at"> & { at: number | undefined; last: number }) {
  const { go } = useRouter();
  const show = useCallback(
    (shown: number | undefined) =>
      go(
        { pane: "replay", project, session, chat, ...(shown === undefined ? {} : { at: shown }) },
        "replace",
      ),
    [go, project, session, chat],
  );
  const [chosen, choose] = useChosen(at, show);
  const now = chosen ?? last;
  const [filter, setFilter] = useState(EVERYTHING);
  const settled = useSettled(filter, 200);
  const list = useEvents(chat, now, settled, last);
  const counts = useRead<Counts>(`${streamPath(chat)}/counts`, last).data;
  const { moment, error } = useMoment(chat, useSettled(now <= last ? now : null, 40));
  const [place, setPlace] = useState("");
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [trouble, setTrouble] = useState<string | null>(null);
  const [copied, copy] = useCopy();
  const field = useRef<HTMLInputElement>(null);

  const step = (way: 1 | -1) => {
    const fits = list.items.filter(({ revision }) => (way === 1 ? revision > now : revision < now));
    const next = isFilter(settled) ? (way === 1 ? fits[0] : fits.at(-1))?.revision : now + way;
    if (next !== undefined && next >= 0 && next <= last) choose(next);
  };
  const seek = (way: 1 | -1) =>
    void nextChange(chat, now, way, place).then((found) => {
      setTrouble(
        found === null
          ? `${place || "The state"} does not change any more ${way === 1 ? "after" : "before"} this.`
          : null,
      );
      if (found !== null) choose(found);
    });
  const forkHere = () =>
    void fork(chat, { at: now }).then(
      (made) => go({ pane: "chat", project, session, chat: made }),
      (failed) => setTrouble(reason(failed)),
    );
  const actions: Action[] = [
    { id: "replay.next", label: "Next event", keys: "J", run: () => step(1) },
    { id: "replay.previous", label: "Previous event", keys: "K", run: () => step(-1) },
    { id: "replay.first", label: "First event", keys: "Home", run: () => choose(0) },
    { id: "replay.last", label: "Last event", keys: "End", run: () => choose(undefined) },
    { id: "replay.change", label: "Next change of the chosen place", keys: "N", run: () => seek(1) },
    {
      id: "replay.changed",
      label: "Previous change of the chosen place",
      keys: "Shift+N",
      run: () => seek(-1),
    },
    { id: "replay.fork", label: "Fork here", keys: "F", icon: GitFork, run: forkHere },
    { id: "replay.filter", label: "Filter the events", keys: "/", run: () => field.current?.focus() },
  ];
  useActions(actions);

  const link = `${window.location.origin}${address({ pane: "replay", project, session, chat, at: now })}`;
  const raw = useMemo(() => (moment ? JSON.stringify(moment.event, null, 2) : ""), [moment]);
  return (
    <>
      <div
        className={`flex flex-wrap items-center gap-x-2 gap-y-1 border-b px-3 py-1.5 text-small ${now < last ? "border-warn bg-warn-ground" : "border-line"}`}
      >
        <div className="flex items-center">
          <IconButton label="First event (Home)" disabled={now === 0} onClick={() => choose(0)}>
            <ChevronFirst size={15} aria-hidden />
          </IconButton>
          <IconButton label="Previous event (K)" disabled={now === 0} onClick={() => step(-1)}>
            <ChevronLeft size={15} aria-hidden />
          </IconButton>
          <IconButton label="Next event (J)" disabled={now >= last} onClick={() => step(1)}>
            <ChevronRight size={15} aria-hidden />
          </IconButton>
          <IconButton label="Last event (End)" disabled={now >= last} onClick={() => choose(undefined)}>
            <ChevronLast size={15} aria-hidden />
          </IconButton>
        </div>
        <span role="status" className="numbers whitespace-nowrap">
          revision {count(now)} of {count(last)}
        </span>
        <input
          type="range"
          aria-label="Revision"
          min={0}
          max={last}
          value={Math.min(now, last)}
          onChange={(event) => choose(Number(event.target.value))}
          className="min-w-24 flex-1 accent-accent"
        />
        {now < last && (
          <Button look="quiet" onClick={() => choose(undefined)}>
            <History size={14} aria-hidden /> <span className="@max-lg:sr-only">Back to now</span>
          </Button>
        )}
        <Button look="quiet" onClick={() => copy(link)}>
          <LinkIcon size={14} aria-hidden />{" "}
          <span className="@max-lg:sr-only">{copied ? "Copied" : "Copy link"}</span>
        </Button>
        <Button onClick={forkHere} disabled={now > last}>
          <GitFork size={14} aria-hidden /> Fork here
        </Button>
      </div>
      {trouble && (
        <div className="px-3 pt-2">
          <Trouble
            action={
              <button type="button" className="underline" onClick={() => setTrouble(null)}>
                Dismiss
              </button>
            }
          >
            {trouble}
          </Trouble>
        </div>
      )}
      <div className="flex min-h-0 flex-1 @max-2xl:flex-col">
        <section
          aria-label="What happened"
          className="flex min-h-0 w-2/5 max-w-md flex-col border-line @max-2xl:h-2/5 @max-2xl:w-full @max-2xl:max-w-none @max-2xl:border-b @2xl:border-r"
        >
          <Sieve counts={counts} filter={filter} onFilter={setFilter} field={field} />
          <div className="min-h-0 flex-1 overflow-y-auto">
            <Events list={list} at={now} onChoose={choose} />
          </div>
        </section>
        <section aria-label="The state after it" className="min-h-0 min-w-0 flex-1 overflow-auto p-3">
          {now > last ? (
            <Trouble>
              {`There is no revision ${count(now)}: the last event of this chat is ${count(last)}.`}
            </Trouble>
          ) : error && !moment ? (
            <Trouble>{error.message}</Trouble>
          ) : moment ? (
            <>
              <Tree
                moment={moment}
                place={place}
                onPlace={setPlace}
                folds={folds}
                onFold={(pointer, open) => setFolds((was) => new Map(was).set(pointer, open))}
              />
              <h2 className="mt-4 mb-1 font-semibold text-small text-soft">The event</h2>
              <CodeBlock code={raw} language="json" />
            </>
          ) : (
            <Skeleton lines={8} label="Loading the state" />
          )}
        </section>
      </div>
    </>
  );
}
