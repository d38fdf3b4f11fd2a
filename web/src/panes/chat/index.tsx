// A chat: its messages, what is happening now, and the field for what comes next.
import { Archive } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { chatLabel } from "../../live/desk.ts";
import type { StreamEntry } from "../../live/entries.ts";
import type { Outgoing } from "../../live/outbox.ts";
import { useChat, useConnection, useList, useLive, useOlder, useOutgoing } from "../../live/react.tsx";
import { useLooking } from "../../live/seen.ts";
import { outcomeOf, Rename } from "../../parts/ask.tsx";
import { ChatContext } from "../../parts/body-text.tsx";
import { Button } from "../../parts/button.tsx";
import { useIsActive, usePane, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { ChatRow, ChatView, UserMessage } from "../../wire/index.ts";
import { type ChatId, useCommands } from "./commands.ts";
import { focusComposer } from "./composer/index.tsx";
import { Sending } from "./composer/queue.tsx";
import { Dismissable, Refusals } from "./composer/refusals.tsx";
import { useMessageDeeds } from "./deeds.ts";
import { FindBar } from "./find/index.tsx";
import { Foot } from "./foot.tsx";
import { Head } from "./head.tsx";
import { Conversation } from "./list/conversation.tsx";
import type { Target } from "./list/target.ts";
import { OtherModel } from "./other-model.tsx";
import { PinBar, usePinned } from "./pin.tsx";
import { DeedsContext } from "./rows/deeds.ts";
import { Folds } from "./rows/folds.ts";
import { RowMenu } from "./rows/menu.tsx";

export function ChatPane({ project, session, chat }: ChatId) {
  const stream = `chat/${chat}`;
  const entry = useChat(chat);
  const outgoing = useOutgoing().filter((it) => it.stream === stream);
  const { view } = entry;
  useRevision(entry.revision, view);
  const row = useRow(chat);
  const title = row ? chatLabel(row) : (view.about?.title ?? "");
  usePaneTitle(title || "Chat");
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
    <OpenChat
      id={{ project, session, chat }}
      entry={entry}
      title={title}
      posting={posting}
      stopping={outgoing.some((it) => it.command.type === "CancelTurn")}
    />
  );
}

interface OpenProps {
  id: ChatId;
  entry: StreamEntry<ChatView>;
  title: string;
  /** Messages on their way. */
  posting: Outgoing[];
  stopping: boolean;
}

function OpenChat({ id, entry, title, posting, stopping }: OpenProps) {
  const live = useLive();
  const { phase } = useConnection();
  const [asking, setAsking] = useState<"name" | "model" | null>(null);
  const [finding, setFinding] = useState<{ words: string } | null>(null);
  const [target, setTarget] = useState<Target | null>(null);
  const pinned = usePinned();
  const active = useIsActive();
  const { blocks } = useOlder(id.chat);
  const [folds] = useState(() => new Folds());
  const [other, setOther] = useState<UserMessage | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const deeds = useMessageDeeds(id, folds, { chooseOther: setOther, tell: setTrouble });
  const pane = usePane()?.id;
  const stream = `chat/${id.chat}`;
  const { view } = entry;
  const goTo = useCallback((index: number) => setTarget({ index }), []);
  const commands = useCommands(id, view, {
    rename: () => setAsking("name"),
    chooseModel: () => setAsking("model"),
    find: (words) => setFinding({ words }),
    fork: () => void deeds.forkAt({ at: entry.revision }).then(setTrouble),
  });
  return (
    <div className="flex h-full flex-col">
      <Head id={id} title={title} origin={view.about?.origin ?? null} commands={commands} />
      {pinned && active && <PinBar key={pinned} chat={id.chat} view={view} pinned={pinned} onGo={goTo} />}
      {finding && (
        <FindBar
          chat={id.chat}
          view={view}
          blocks={blocks}
          asked={finding}
          onGo={({ index, tool_call }, words) => setTarget({ index, tool: tool_call ?? undefined, words })}
          onClose={() => {
            setFinding(null);
            focusComposer(pane);
          }}
        />
      )}
      <DeedsContext value={deeds}>
        <RowMenu>
          <ChatContext value={id.chat}>
            <Conversation chat={id.chat} entry={entry} away={phase !== "live"} target={target} folds={folds}>
              <Sending posting={posting} away={phase !== "live"} />
            </Conversation>
          </ChatContext>
        </RowMenu>
      </DeedsContext>
      <div className="mx-auto w-full max-w-[48rem] px-4 pb-3 max-md:px-2 max-md:pb-2">
        {entry.trouble && <Ended stream={stream}>{entry.trouble.message}</Ended>}
        {trouble && <Dismissable onDismiss={() => setTrouble(null)}>{trouble}</Dismissable>}
        <Refusals stream={stream} />
        {view.about?.archived && <PutAway stream={stream} />}
        <Foot
          id={id}
          view={view}
          commands={commands}
          stopping={stopping}
          choosing={asking === "model"}
          onChoosing={(choosing) => setAsking(choosing ? "model" : null)}
        />
      </div>
      {other && (
        <OtherModel
          message={other}
          model={view.about?.model ?? ""}
          onAsk={(model) => deeds.askOther(other, model)}
          onClose={() => setOther(null)}
        />
      )}
      {asking === "name" && (
        <Rename
          title="Rename the chat"
          name={title}
          onClose={() => setAsking(null)}
          save={(to) => outcomeOf(live.command(stream, { type: "RenameChat", title: to }))}
        />
      )}
    </div>
  );
}

/** The chat was put away. What one says brings it back. */
function PutAway({ stream }: { stream: string }) {
  const live = useLive();
  return (
    <div className="mb-1.5 flex items-center gap-2 rounded-md bg-sunken px-3 py-1.5 text-small text-soft">
      <Archive size={14} className="shrink-0" aria-hidden />
      <p className="min-w-0 flex-1">This chat was put away. A message brings it back.</p>
      <button
        type="button"
        onClick={() => void live.command(stream, { type: "UnarchiveChat" })}
        className="shrink-0 text-accent hover:underline"
      >
        Bring it back
      </button>
    </div>
  );
}

function NoSuchChat({ project, session }: Omit<ChatId, "chat">) {
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
