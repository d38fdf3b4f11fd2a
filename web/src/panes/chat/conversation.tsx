// The messages of a chat, from the oldest that was read to what is being written now.
import { ArrowDown } from "lucide-react";
import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import { withOlder } from "../../live/chat.ts";
import type { StreamEntry } from "../../live/entries.ts";
import { get } from "../../live/http.ts";
import { useLive } from "../../live/react.tsx";
import { useActions } from "../../parts/actions.ts";
import { Button } from "../../parts/button.tsx";
import { Trouble } from "../../parts/status.tsx";
import type { ChatView, Message, MessagesPage } from "../../wire/index.ts";
import { CallMessage } from "./call.tsx";
import { useStick } from "./scroll.ts";
import { TurnEndLine } from "./turn-end.tsx";
import { UserMessage } from "./user-message.tsx";
import { Working } from "./working.tsx";

interface Props {
  chat: string;
  entry: StreamEntry<ChatView>;
  /** The server is away. */
  away: boolean;
  /** What stands after the last message. */
  children: ReactNode;
}

/** So many messages stand together in a stretch. */
const STRETCH = 40;

export function Conversation({ chat, entry, away, children }: Props) {
  const { view } = entry;
  const own = view.turns + view.queue.length;
  const { scroller, content, below, scrolled, toEnd, hold } = useStick(view.first, own);
  useActions([{ id: "chat.newest", label: "Go to the newest message", keys: "End", run: toEnd }]);
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
          <Older chat={chat} first={view.first} beforeAdding={hold} />
          {stretches(view).map(({ number, messages, before }, index, all) => (
            <Stretch
              key={number}
              messages={messages}
              before={before}
              turnOpen={view.turn !== null && index === all.length - 1}
              far={index < all.length - 2}
            />
          ))}
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

interface StretchProps {
  messages: Message[];
  /** The message right before the first. */
  before: Message | null;
  /** The last message here is that of the open turn. */
  turnOpen: boolean;
  /** It may be left out of the layout while it is out of sight. */
  far: boolean;
}

/** A stretch of the conversation: as long as none of its messages changes it is not drawn again. */
const Stretch = memo(
  function Stretch({ messages, before, turnOpen, far }: StretchProps) {
    return (
      <div className={far ? "distant" : undefined}>
        {messages.map((message, index) => (
          <div
            key={keyOf(message)}
            data-message={message.kind}
            className={message.kind === "user" ? "pt-6" : "pt-3"}
          >
            <MessageView
              message={message}
              before={messages[index - 1] ?? before}
              current={turnOpen && index === messages.length - 1}
            />
          </div>
        ))}
      </div>
    );
  },
  (was, now) =>
    was.before === now.before &&
    was.turnOpen === now.turnOpen &&
    was.far === now.far &&
    was.messages.length === now.messages.length &&
    was.messages.every((message, index) => message === now.messages[index]),
);

/** The conversation in stretches that keep their place, however many older messages are put before them. */
function stretches({ messages, first }: ChatView) {
  const all: { number: number; messages: Message[]; before: Message | null }[] = [];
  for (let start = 0; start < messages.length; ) {
    const number = Math.floor((first + start) / STRETCH);
    const end = Math.min(messages.length, (number + 1) * STRETCH - first);
    all.push({ number, messages: messages.slice(start, end), before: messages[start - 1] ?? null });
    start = end;
  }
  return all;
}

function keyOf(message: Message): string {
  if (message.kind === "user") return message.message;
  return message.kind === "call" ? message.call : `end ${message.turn}`;
}

interface MessageProps {
  message: Message;
  before: Message | null;
  /** It is the last of the open turn. */
  current: boolean;
}

function MessageView({ message, before, current }: MessageProps) {
  switch (message.kind) {
    case "user":
      return <UserMessage message={message} />;
    case "call":
      return <CallMessage call={message} current={current} />;
    case "end":
      return <TurnEndLine end={message} before={before?.kind === "call" ? before : null} />;
  }
}

/** Reads older messages when one comes near to the first. */
interface OlderProps {
  chat: string;
  first: number;
  beforeAdding(): void;
}

function Older({ chat, first, beforeAdding }: OlderProps) {
  const live = useLive();
  const [state, setState] = useState<"idle" | "reading" | { failed: string }>("idle");
  const mark = useRef<HTMLDivElement>(null);
  const read = useRef(() => {});
  useEffect(() => {
    read.current = () => {
      if (state === "reading") return;
      setState("reading");
      get<MessagesPage>(`/api/chats/${chat}/messages?before=${first}&limit=50`).then(
        (page) => {
          beforeAdding();
          live.extend(`chat/${chat}`, (view: ChatView) => withOlder(view, page.messages, page.first));
          setState("idle");
        },
        (error) => setState({ failed: error instanceof Error ? error.message : String(error) }),
      );
    };
  });
  useEffect(() => {
    const element = mark.current;
    if (!element || first === 0) return;
    const seen = new IntersectionObserver(
      (entries) => entries.some((it) => it.isIntersecting) && read.current(),
      {
        rootMargin: "400px 0px 0px 0px",
      },
    );
    seen.observe(element);
    return () => seen.disconnect();
  }, [first]);
  if (first === 0) return null;
  const failed = typeof state === "object" ? state.failed : null;
  return (
    <div ref={mark} className="flex min-h-8 items-center justify-center text-faint text-small">
      {failed ? (
        <Trouble action={<Button onClick={() => read.current()}>Try again</Button>}>{failed}</Trouble>
      ) : (
        <button type="button" onClick={() => read.current()} className="hover:text-ink">
          {state === "reading" ? "reading older messages" : "older messages"}
        </button>
      )}
    </div>
  );
}
