// What was put away: sessions and chats, readable, and brought back from here.
import { ArchiveRestore } from "lucide-react";
import { useList, useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import { type PutAway, putAway } from "./list.ts";

export function ArchivePane() {
  usePaneTitle("Archived");
  const live = useLive();
  const projects = useList("projects");
  const sessions = useList("sessions", true);
  const chats = useList("chats", true);
  const lists = [projects, sessions, chats];
  const known = lists.every((list) => list.freshness !== "loading");
  const trouble = lists.find((list) => list.trouble)?.trouble;
  const items = putAway(projects.rows, sessions.rows, chats.rows);
  const restore = ({ stream, kind }: PutAway) =>
    void live.command(stream, { type: kind === "session" ? "UnarchiveSession" : "UnarchiveChat" });
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="font-semibold">Archived</h1>
      </PaneHead>
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        {trouble && <Trouble>{trouble.message}</Trouble>}
        {!known && !trouble && <Skeleton lines={6} />}
        {known && items.length === 0 && (
          <Empty title="Nothing is put away" level={2}>
            <p>
              Archive a session or a chat from its menu in the rail: it is kept here, and can be brought back.
            </p>
          </Empty>
        )}
        {items.length > 0 && (
          <ul className="mx-auto w-full max-w-3xl p-4 max-md:p-2">
            {items.map((item) => (
              <li
                key={item.stream}
                className="flex min-h-10 items-center gap-3 rounded-md px-2 hover:bg-hover"
              >
                <Link to={item.to} className="min-w-0 flex-1 truncate py-2">
                  {item.label}
                </Link>
                <span className="max-w-40 truncate text-faint text-small max-md:hidden">{item.project}</span>
                <span className="w-14 text-faint text-small max-md:hidden">{item.kind}</span>
                <Ago at={item.at} className="w-12 text-right text-faint text-small" />
                <Button look="quiet" onClick={() => restore(item)} aria-label={`Bring back ${item.label}`}>
                  <ArchiveRestore size={14} aria-hidden />
                  <span className="max-md:hidden">Bring back</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
