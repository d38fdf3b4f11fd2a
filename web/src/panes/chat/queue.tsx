// Messages that are not part of the conversation yet: on their way to the server, or waiting there.
import { Clock, X } from "lucide-react";
import type { Outgoing } from "../../live/outbox.ts";
import { firstLine, shown } from "../../parts/format.ts";
import type { Posted } from "../../wire/index.ts";

export function Queue({ queue, onRemove }: { queue: Posted[]; onRemove(message: string): void }) {
  if (queue.length === 0) return null;
  return (
    <ul aria-label="Waiting messages" className="mb-1.5 flex flex-wrap gap-1.5">
      {queue.map(({ message, text }) => (
        <li
          key={message}
          className="flex h-7 max-w-full items-center gap-1.5 rounded-full border border-line bg-raised pr-1 pl-2.5 text-small text-soft"
        >
          <Clock size={12} className="shrink-0 text-faint" aria-hidden />
          <span className="max-w-64 truncate" title={shown(text)}>
            {firstLine(shown(text))}
          </span>
          <button
            type="button"
            onClick={() => onRemove(message)}
            aria-label={`Take back: ${firstLine(shown(text))}`}
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

/** What has been sent and not arrived: shown at once, and marked while the server is away. */
export function Sending({ posting, away }: { posting: Outgoing[]; away: boolean }) {
  return posting.map(({ id, command }) =>
    command.type === "PostMessage" ? (
      <div key={id} className="mt-6 rounded-lg bg-sunken px-3.5 py-2.5 text-faint">
        <div className="whitespace-pre-wrap text-prose [overflow-wrap:anywhere]">{shown(command.text)}</div>
        {away && <div className="mt-1 text-small">is sent when the connection is back</div>}
      </div>
    ) : null,
  );
}
