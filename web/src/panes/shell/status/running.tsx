// How many chats run, and which.
import { chatLabel } from "../../../live/desk.ts";
import { useList } from "../../../live/react.tsx";
import { count } from "../../../parts/format.ts";
import { Popover } from "../../../parts/popover.tsx";
import { Dot } from "../../../parts/status.tsx";
import { Link } from "../../../routes.tsx";
import { part } from "./part.ts";

export function Running() {
  const running = useList("chats").rows.filter((chat) => chat.state === "running");
  if (running.length === 0) return null;
  return (
    <Popover
      label="What runs"
      className={part}
      trigger={
        <>
          <Dot state="running" />
          {count(running.length)} running
        </>
      }
    >
      {(close) => (
        <ul className="-m-1.5">
          {running.map((chat) => (
            <li key={chat.id} onClickCapture={close}>
              <Link
                to={{ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }}
                className="flex min-h-8 items-center rounded-sm px-2 hover:bg-hover"
              >
                <span className="truncate">{chatLabel(chat)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
