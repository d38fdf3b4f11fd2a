// The messages of a chat, from the oldest that was read to what is being written now.
import { ArrowDown } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { withOlder } from "../../live/chat.ts";
import type { StreamEntry } from "../../live/entries.ts";
import { get } from "../../live/http.ts";
import { useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { Trouble } from "../../parts/status.tsx";
import type { Call, ChatView, Message, MessagesPage } from "../../wire/index.ts";
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

/** So many of the last messages are always laid out. */
const NEAR = 30;

export function Conversation({ chat, entry, away, children }: Props) {
  const { view } = entry;
  const own = view.turns + view.queue.length;
  const { scroller, content, below, scrolled, toEnd, hold } = useStick(view.first, own);
  const ends = view.messages.length;
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
        <div ref={content} className="mx-auto max-w-[48rem] px-4 pt-4 pb-6 max-md:px-3">
          <Older chat={chat} first={view.first} beforeAdding={hold} />
          {view.messages.map((message, index) => (
            <div
              key={keyOf(message)}
              data-message={message.kind}
              className={`not-first:mt-3 ${message.kind === "user" ? "not-first:pt-3" : ""} ${ends - index > NEAR ? "distant" : ""}`}
            >
              <MessageView
                message={message}
                current={index === ends - 1 && view.turn !== null}
                before={message.kind === "end" ? callBefore(view.messages, index) : null}
              />
            </div>
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

function keyOf(message: Message): string {
  if (message.kind === "user") return message.message;
  return message.kind === "call" ? message.call : `end ${message.turn}`;
}

/** The call that stands right before a message. */
function callBefore(messages: Message[], index: number): Call | null {
  const before = messages[index - 1];
  return before?.kind === "call" ? before : null;
}

interface MessageProps {
  message: Message;
  /** It is the last of the open turn. */
  current: boolean;
  /** The last call of the turn that this message ends. */
  before: Call | null;
}

function MessageView({ message, current, before }: MessageProps) {
  switch (message.kind) {
    case "user":
      return <UserMessage message={message} />;
    case "call":
      return <CallMessage call={message} current={current} />;
    case "end":
      return <TurnEndLine end={message} before={before} />;
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
