// What the status line says of the chat in use.
import { useChat } from "../../../live/react.tsx";
import { Fact, Facts } from "../../../parts/facts.tsx";
import { brief, cacheShare, count } from "../../../parts/format.ts";
import { Popover } from "../../../parts/popover.tsx";
import { part } from "./part.ts";

export function ChatFacts({ chat }: { chat: string }) {
  const { revision, view } = useChat(chat);
  if (revision === null) return null;
  const { usage } = view;
  const cached = cacheShare(usage);
  const about = usage.estimated ? "about " : "";
  return (
    <>
      <Popover label="Revision" className={part} trigger={`revision ${count(revision)}`}>
        {() => (
          <div className="flex flex-col gap-2">
            <p className="text-soft">
              {count(revision + 1)} events made this chat what it is; each is in the log for good.
            </p>
            <a
              href={`/api/streams/chat/${chat}?limit=500`}
              target="_blank"
              rel="noreferrer"
              className="text-accent underline"
            >
              The events as JSON
            </a>
          </div>
        )}
      </Popover>
      {usage.input + usage.output > 0 && (
        <Popover
          label="Tokens of this chat"
          className={part}
          trigger={
            <>
              {about}
              {brief(usage.input + usage.output)} tokens
              {cached !== null && cached > 0 && <span>· {cached} % cached</span>}
            </>
          }
        >
          {() => (
            <Facts>
              <Fact name="Sent">{about + count(usage.input)}</Fact>
              <Fact name="of it cached">{`${count(usage.cache_read)}${cached === null ? "" : ` (${cached} %)`}`}</Fact>
              {usage.cache_write > 0 && <Fact name="put into the cache">{count(usage.cache_write)}</Fact>}
              <Fact name="Received">{about + count(usage.output)}</Fact>
              {usage.reasoning > 0 && <Fact name="of it reasoning">{count(usage.reasoning)}</Fact>}
              <Fact name="Turns">{count(view.turns)}</Fact>
            </Facts>
          )}
        </Popover>
      )}
    </>
  );
}
