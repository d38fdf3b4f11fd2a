// Runs of workflows, the newest first.
import { Ago } from "../../parts/clock.tsx";
import { Link } from "../../routes.tsx";
import type { RunRow } from "../../wire/index.ts";

export function Runs({ runs }: { runs: RunRow[] }) {
  return (
    <ul className="flex flex-col">
      {runs
        .toSorted((a, b) => b.requested_at - a.requested_at)
        .map((run) => (
          <Run key={run.id} run={run} />
        ))}
    </ul>
  );
}

const STATES = {
  running: "running",
  queued: "queued",
  paused: "paused",
  finished: "done",
  failed: "failed",
  cancelled: "stopped",
} as const;

function Run({ run }: { run: RunRow }) {
  const { project, session, id } = run;
  return (
    <li className="rounded-md hover:bg-hover">
      <Link
        to={{ pane: "run", project, session, run: id }}
        className="flex min-h-10 items-center gap-3 px-2 py-1.5"
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
    </li>
  );
}
