// Messages that are not part of the conversation yet: on their way to the server, or waiting there.
import { Clock, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Outgoing } from "../../../live/outbox.ts";
import { Attachments } from "../../../parts/attachments.tsx";
import { firstLine, shown } from "../../../parts/format.ts";
import type { Queued } from "../../../wire/index.ts";

interface QueueProps {
  queue: Queued[];
  onRemove(message: string): void;
  /** Takes a message back into the field, to be changed. */
  onEdit(message: Queued): void;
}

export function Queue({ queue, onRemove, onEdit }: QueueProps) {
  if (queue.length === 0) return null;
  return (
    <ul aria-label="Waiting messages" className="mb-1.5 flex max-h-24 flex-wrap gap-1.5 overflow-y-auto">
      {queue.map((posted) => (
        <li
          key={posted.message}
          className="flex h-7 max-w-full items-center gap-1.5 rounded-full border border-line bg-raised pr-1 pl-2.5 text-small text-soft"
        >
          <Clock size={12} className="shrink-0 text-faint" aria-hidden />
          <button
            type="button"
            onClick={() => onEdit(posted)}
            disabled={typeof posted.text !== "string"}
            className="max-w-64 truncate hover:text-ink"
            title={`Edit: ${shown(posted.text)}`}
          >
            {label(posted)}
          </button>
          <button
            type="button"
            onClick={() => onRemove(posted.message)}
            aria-label={`Take back: ${label(posted)}`}
            title="Take back"
            className="inline-flex size-5 items-center justify-center rounded-full hover:bg-hover hover:text-ink"
          >
            <X size={12} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The first line of a message, or the name of what goes with it. */
function label({ text, attachments = [] }: Queued): string {
  const files = attachments.map((file) => file.name).join(", ");
  return [firstLine(shown(text)), files].filter((part) => part !== "").join(" · ");
}

/** After so long without an answer, in ms, a message is shown as being on its way. */
const SOON = 300;

/** What has been sent and not arrived: shown if that takes long, or the server is away. */
export function Sending({ posting, away }: { posting: Outgoing[]; away: boolean }) {
  const newest = posting.at(-1)?.id;
  const [late, setLate] = useState<string | null>(null);
  useEffect(() => {
    if (!newest) return;
    const timer = setTimeout(() => setLate(newest), SOON);
    return () => clearTimeout(timer);
  }, [newest]);
  if (!away && late !== newest) return null;
  return posting.map(({ id, command }) =>
    command.type === "PostMessage" ? (
      <div key={id} className="mt-6 rounded-lg bg-said px-3.5 py-2.5 text-faint">
        <div className="whitespace-pre-wrap text-prose [overflow-wrap:anywhere]">{shown(command.text)}</div>
        {command.attachments && <Attachments attachments={command.attachments} />}
        {away && <div className="mt-1 text-small">is sent when the connection is back</div>}
      </div>
    ) : null,
  );
}
