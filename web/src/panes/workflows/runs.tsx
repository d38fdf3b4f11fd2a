// Runs of workflows, the newest first.
import { Diff } from "lucide-react";
import { iconButtonClass } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { Link } from "../../routes.tsx";
import type { RunRow } from "../../wire/index.ts";

export function Runs({ runs }: { runs: RunRow[] }) {
  const sorted = runs.toSorted((a, b) => b.requested_at - a.requested_at);
  return (
    <ul className="flex flex-col">
      {sorted.map((run, index) => (
        <Run
          key={run.id}
          run={run}
          before={sorted.slice(index + 1).find((other) => other.workflow === run.workflow)}
        />
      ))}
    </ul>
  );
}

/** How a run stands, in a word. */
export const STATES = {
  running: "running",
  queued: "queued",
  paused: "paused",
  finished: "done",
  failed: "failed",
  cancelled: "stopped",
} as const;

/** `before`: the run of the same workflow that came before it. */
function Run({ run, before }: { run: RunRow; before: RunRow | undefined }) {
  const { project, session, id } = run;
  return (
    <li className="flex items-center gap-1 rounded-md hover:bg-hover">
      <Link
        to={{ pane: "run", project, session, run: id }}
        className="flex min-h-10 min-w-0 flex-1 items-center gap-3 px-2 py-1.5"
      >
        <span className="min-w-0 flex-1 truncate">{run.workflow}</span>
        {run.questions > 0 && <span className="text-small text-warn">waits for you</span>}
        <span className={run.state === "failed" ? "text-bad text-small" : "text-small text-soft"}>
          {STATES[run.state]}
        </span>
        <span className="w-16 text-right text-faint text-small tabular-nums">
          {run.settled} of {run.steps}
        </span>
        <Ago at={run.requested_at} className="w-12 text-right text-faint text-small" />
      </Link>
      {before ? (
        <Link
          to={{ pane: "compare", project, session, run: id, other: before.id }}
          title="Compare it with the run before it"
          className={iconButtonClass}
        >
          <Diff size={14} aria-label={`Compare ${run.workflow} with the run before it`} />
        </Link>
      ) : (
        // The columns of the rows stand one below the other.
        <span aria-hidden className={`${iconButtonClass} invisible`} />
      )}
    </li>
  );
}
