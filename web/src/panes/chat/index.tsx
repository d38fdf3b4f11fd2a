// A chat: its messages, what is happening now, and the field for what comes next.

import { Pencil, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { chatLabel } from "../../live/desk.ts";
import { uuid7 } from "../../live/ids.ts";
import { useChat, useConnection, useList, useLive, useOutgoing } from "../../live/react.tsx";
import { useLooking } from "../../live/seen.ts";
import { outcomeOf, Rename } from "../../parts/ask.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { shown } from "../../parts/format.ts";
import { PaneHead, useIsActive, usePane, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { ChatRow, ChatView } from "../../wire/index.ts";
import { useDraft } from "./composer/drafts.ts";
import { Composer, focusComposer } from "./composer/index.tsx";
import { Queue, Sending } from "./composer/queue.tsx";
import { Refusals } from "./composer/refusals.tsx";
import { Conversation } from "./list/conversation.tsx";

interface Props {
  project: string;
  session: string;
  chat: string;
}

export function ChatPane({ project, session, chat }: Props) {
  const stream = `chat/${chat}`;
  const entry = useChat(chat);
  const { phase } = useConnection();
  const outgoing = useOutgoing().filter((it) => it.stream === stream);
  const { view } = entry;
  useRevision(entry.revision, view);
  const row = useRow(chat);
  usePaneTitle(row ? chatLabel(row) : (view.about?.title ?? "Chat"));
  useLooking(chat, row?.updated_at);

  // The event of a message may come before the answer to its command.
  const here = new Set(
    [...view.queue, ...view.messages.slice(-8)].map((it) => ("message" in it ? it.message : "")),
  );
  const posting = outgoing.filter(
    (it) => it.command.type === "PostMessage" && !here.has(it.command.message ?? ""),
  );
  if (!view.about && posting.length === 0) {
    if (entry.trouble)
      return (
        <div className="mx-auto max-w-2xl p-6">
          <Ended stream={stream}>{entry.trouble.message}</Ended>
        </div>
      );
    if (entry.freshness === "live") return <NoSuchChat project={project} session={session} />;
    return <Skeleton lines={8} label="Loading the chat" />;
  }
  return (
    <div className="flex h-full flex-col">
      <Head project={project} session={session} chat={chat} view={view} />
      <Conversation chat={chat} entry={entry} away={phase !== "live"}>
        <Sending posting={posting} away={phase !== "live"} />
      </Conversation>
      <div className="mx-auto w-full max-w-[48rem] px-4 pb-3 max-md:px-2 max-md:pb-2">
        {entry.trouble && <Ended stream={stream}>{entry.trouble.message}</Ended>}
        <Refusals stream={stream} />
        <Foot chat={chat} view={view} stopping={outgoing.some((it) => it.command.type === "CancelTurn")} />
      </div>
    </div>
  );
}

interface FootProps {
  chat: string;
  view: ChatView;
  /** Stop was pressed and not answered yet. */
  stopping: boolean;
}

/** What waits, and the field. What is typed is its own: typing draws nothing else anew. */
function Foot({ chat, view, stopping }: FootProps) {
  const live = useLive();
  const pane = usePane()?.id;
  const [draft, setDraft] = useDraft(chat);
  const stream = `chat/${chat}`;
  const unqueue = (message: string) => void live.command(stream, { type: "UnqueueMessage", message });
  return (
    <>
      <Queue
        queue={view.queue}
        onRemove={unqueue}
        onEdit={({ message, text }) => {
          unqueue(message);
          setDraft(draft ? `${shown(text)}\n\n${draft}` : shown(text));
          focusComposer(pane);
        }}
      />
      <Composer
        text={draft}
        onText={setDraft}
        model={view.about?.model ?? ""}
        running={view.turn !== null}
        stopping={stopping}
        recall={() => lastOwn(view)}
        onModel={(model) => void live.command(stream, { type: "ConfigureChat", model })}
        onSend={(text) => live.command(stream, { type: "PostMessage", message: uuid7(), text })}
        onStop={() => void live.command(stream, { type: "CancelTurn" })}
      />
    </>
  );
}

function Head({ project, session, chat, view }: Props & { view: ChatView }) {
  const live = useLive();
  const [renaming, setRenaming] = useState(false);
  const projects = useList("projects").rows;
  const name = projects.find((row) => row.id === project)?.name ?? "";
  const row = useRow(chat);
  const title = row ? chatLabel(row) : (view.about?.title ?? "");
  return (
    <PaneHead>
      {name && (
        <>
          <Link
            to={{ pane: "project", project }}
            className="max-w-40 shrink-0 truncate text-faint hover:text-ink"
          >
            {name}
          </Link>
          <span aria-hidden className="text-line-strong">
            /
          </span>
        </>
      )}
      <h1 className="min-w-0 truncate font-semibold" title={title}>
        {title}
      </h1>
      <IconButton label="Rename the chat" onClick={() => setRenaming(true)}>
        <Pencil size={13} aria-hidden />
      </IconButton>
      <Link
        to={{ pane: "session", project, session }}
        title="New chat in this session"
        className="ml-auto inline-flex size-7 items-center justify-center rounded-md text-soft hover:bg-hover hover:text-ink"
      >
        <Plus size={15} aria-label="New chat in this session" />
      </Link>
      {renaming && (
        <Rename
          title="Rename the chat"
          name={title}
          onClose={() => setRenaming(false)}
          save={(to) => outcomeOf(live.command(`chat/${chat}`, { type: "RenameChat", title: to }))}
        />
      )}
    </PaneHead>
  );
}

function NoSuchChat({ project, session }: { project: string; session: string }) {
  return (
    <div className="flex h-full">
      <Empty title="There is no such chat">
        <p>The address names a chat that this server does not have.</p>
        <Link to={{ pane: "session", project, session }} className="text-accent underline">
          Go to the session
        </Link>
      </Empty>
    </div>
  );
}

/** The server ended the subscription: why, and a button that begins another. */
function Ended({ stream, children }: { stream: string; children: string }) {
  const live = useLive();
  const again = () => live.again({ kind: "stream", stream });
  return <Trouble action={<Button onClick={again}>Try again</Button>}>{children}</Trouble>;
}

function useRow(chat: string): ChatRow | undefined {
  return useList("chats").rows.find((row) => row.id === chat);
}

/** Says on the root which revision is drawn in the pane in use, and whether a turn is open in it. */
function useRevision(revision: number | null, view: ChatView): void {
  const active = useIsActive();
  const turn = view.turn ? "open" : "none";
  useEffect(() => {
    if (!active) return;
    const { dataset } = document.documentElement;
    if (revision !== null) dataset.revision = String(revision);
    dataset.turn = turn;
    return () => {
      delete dataset.revision;
      delete dataset.turn;
    };
  }, [active, revision, turn]);
}

function lastOwn(view: ChatView): string {
  const last = view.messages.findLast((message) => message.kind === "user");
  return last?.kind === "user" ? shown(last.text) : "";
}
