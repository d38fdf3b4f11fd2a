// A run of a workflow, live: its phases as columns, its steps as cards, the chosen step beside them, the log below.
import { ArrowLeft, CircleStop, Diff, Pause, Play, RotateCcw, StepForward } from "lucide-react";
import { useState } from "react";
import { useList, useLive, useRun } from "../../live/react.tsx";
import { linesOf, progressOf } from "../../live/run.ts";
import { BodyText } from "../../parts/body-text.tsx";
import { Button, buttonClass, iconButtonClass } from "../../parts/button.tsx";
import { Ago, useNow } from "../../parts/clock.tsx";
import { CodeBlock } from "../../parts/code/index.tsx";
import { count, duration, exactly, plural, reason } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, useRouter } from "../../routes.tsx";
import type { RunView } from "../../wire/index.ts";
import { runAgain } from "./again.ts";
import { Cards } from "./cards.tsx";
import { type Near, StepDetails } from "./step.tsx";

interface Props {
  project: string;
  session: string;
  run: string;
}

export function RunPane({ project, session, run }: Props) {
  const entry = useRun(run);
  const live = useLive();
  const { go } = useRouter();
  const { view } = entry;
  const before = useList("runs")
    .rows.filter((row) => row.project === project && row.workflow === view.about?.workflow && row.id !== run)
    .toSorted((a, b) => b.requested_at - a.requested_at)
    .find((row) => row.requested_at < view.requested_at);
  const [chosen, choose] = useState<number | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  usePaneTitle(view.about?.workflow ?? "Run");
  if (entry.trouble)
    return (
      <div className="p-4">
        <Trouble>{entry.trouble.message}</Trouble>
      </div>
    );
  if (entry.freshness === "loading") return <Skeleton lines={8} label="Loading the run" />;
  if (!view.about)
    return (
      <Empty title="There is no such run">
        <p>Start one from the workflows of a project.</p>
      </Empty>
    );
  const act = (type: "PauseRun" | "ResumeRun" | "CancelRun") => {
    setTrouble(null);
    void live.command(`run/${run}`, { type }).then((answer) => {
      if (!answer.ok) setTrouble(answer.message);
    });
  };
  const again = (how: Parameters<typeof runAgain>[2]) => {
    setTrouble(null);
    runAgain(run, view, how).then(
      (started) => {
        choose(null);
        go({ pane: "run", project, session, run: started.id });
      },
      (error) => setTrouble(reason(error)),
    );
  };
  const step = chosen === null ? undefined : view.steps[chosen];
  const open = ["queued", "running", "paused"].includes(view.status.kind);
  return (
    <div className="@container flex h-full flex-col">
      <PaneHead>
        <Link to={{ pane: "workflows", project }} title="All workflows" className={iconButtonClass}>
          <ArrowLeft size={15} aria-label="All workflows" />
        </Link>
        <h1 className="max-w-[50%] shrink-0 truncate font-semibold" title={view.about.description}>
          {view.about.workflow}
        </h1>
        <Progress view={view} />
        <span className="flex-1" />
        {view.status.kind === "running" && (
          <Button look="quiet" onClick={() => act("PauseRun")}>
            <Pause size={14} aria-hidden />
            <span className="max-md:sr-only">Pause</span>
          </Button>
        )}
        {view.status.kind === "paused" && (
          <Button look="quiet" onClick={() => act("ResumeRun")}>
            <Play size={14} aria-hidden />
            <span className="max-md:sr-only">Resume</span>
          </Button>
        )}
        {open && (
          <Button look="quiet" onClick={() => act("CancelRun")}>
            <CircleStop size={14} aria-hidden />
            <span className="max-md:sr-only">Stop</span>
          </Button>
        )}
        {before && (
          <Link
            to={{ pane: "compare", project, session, run, other: before.id }}
            className={buttonClass("quiet")}
            title="Compare it with the run before it"
          >
            <Diff size={14} aria-hidden />
            <span className="max-md:sr-only">Compare</span>
          </Link>
        )}
        {!open && view.status.kind !== "finished" && view.settled.length > 0 && (
          <Button look="quiet" onClick={() => again({})} title="Takes all answers that this run has">
            <StepForward size={14} aria-hidden />
            <span className="max-md:sr-only">Go on from it</span>
          </Button>
        )}
        {!open && (
          <Button look="quiet" onClick={() => again({ anew: true })}>
            <RotateCcw size={14} aria-hidden />
            <span className="max-md:sr-only">Run again</span>
          </Button>
        )}
      </PaneHead>
      {trouble && (
        <div className="px-4 pt-3">
          <Trouble>{trouble}</Trouble>
        </div>
      )}
      <div className="flex min-h-0 flex-1 @max-3xl:flex-col">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col gap-4 overflow-y-auto p-4 max-md:p-2">
          <Cards view={view} chosen={chosen} onChoose={choose} />
          <Outcome view={view} />
          <Log view={view} />
        </div>
        {step && chosen !== null && (
          <StepDetails
            run={run}
            project={project}
            session={session}
            number={chosen}
            step={step}
            around={nearOf(view, chosen)}
            onChoose={choose}
            onRetry={open ? null : () => again({ fromStep: chosen })}
            onClose={() => choose(null)}
          />
        )}
      </div>
    </div>
  );
}

/** The steps that are next to one. */
function nearOf(view: RunView, step: number): { before: Near[]; behind: Near[] } {
  const lines = linesOf(view);
  const near = (number: number): Near => ({ number, label: view.steps[number]?.label ?? `step ${number}` });
  return {
    before: lines.filter(([, to]) => to === step).map(([from]) => near(from)),
    behind: lines.filter(([from]) => from === step).map(([, to]) => near(to)),
  };
}

const WORDS: Record<RunView["status"]["kind"], string> = {
  running: "running",
  queued: "queued",
  paused: "paused",
  finished: "done",
  failed: "failed",
  cancelled: "stopped",
  diverged: "diverged",
};

function Progress({ view }: { view: RunView }) {
  const now = useNow(1_000);
  const { steps, done, cached, questions } = progressOf(view);
  const end = view.ended_at ?? now * 1_000;
  const budget = view.about?.budget;
  return (
    <p role="status" className="truncate text-small text-soft tabular-nums">
      {WORDS[view.status.kind]}
      {questions > 0 && <span className="text-warn"> · {plural(questions, "question")} for you</span>} ·{" "}
      {done} of {plural(steps, "step")}
      {cached > 0 && ` · ${cached} from the cache`} ·{" "}
      {budget == null
        ? `${count(view.usage.input + view.usage.output)} tokens`
        : `${count(view.usage.output)} of ${count(budget)} output tokens`}{" "}
      · {duration(Math.max(0, end - view.requested_at) / 1_000)}
      {view.about?.time_limit_ms != null && ` · may work for ${duration(view.about.time_limit_ms)}`}
    </p>
  );
}

function Outcome({ view }: { view: RunView }) {
  const { status } = view;
  switch (status.kind) {
    case "finished":
      return (
        <section aria-label="Result" className="flex flex-col gap-1.5">
          <h2 className="font-semibold">Result</h2>
          <BodyText body={status.result}>
            {(text) => <CodeBlock code={pretty(text)} language="json" />}
          </BodyText>
        </section>
      );
    case "failed": {
      const { name, message, place, stack } = status.error;
      return (
        <Trouble>
          <p>
            {name}: {message}
          </p>
          {place && <p className="font-mono text-small">{place}</p>}
          {stack && <pre className="overflow-x-auto text-small">{stack}</pre>}
        </Trouble>
      );
    }
    case "paused":
      if (!view.difference) return null;
      return (
        <Trouble>
          <p>
            The engine of this version asks for something else at step {view.difference.step} than what is
            recorded. Stop the run and go on from it: its answers are taken as far as they still fit.
          </p>
          <Apart of={view.difference} />
        </Trouble>
      );
    case "diverged":
      return (
        <Trouble>
          <p>Step {status.step} is not what it was before: the script or its engine changed.</p>
          <Apart of={status} />
        </Trouble>
      );
    default:
      return null;
  }
}

function Apart({ of }: { of: NonNullable<RunView["difference"]> }) {
  return (
    <pre className="overflow-x-auto whitespace-pre-wrap text-small">
      {`- ${of.recorded ?? "nothing"}\n+ ${of.asked ?? "nothing"}`}
    </pre>
  );
}

/** JSON as people read it; what is none as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** With so many lines one looks for something. */
const MANY = 8;

function Log({ view }: { view: RunView }) {
  const [words, setWords] = useState("");
  const [phase, setPhase] = useState("");
  if (view.log.length === 0) return null;
  const hidden = view.lines - view.log.length;
  const phases = [...new Set(view.log.map((line) => line.phase ?? "").filter((title) => title !== ""))];
  const wanted = words.trim().toLowerCase();
  const lines = view.log.filter(
    (line) => (phase === "" || line.phase === phase) && line.text.toLowerCase().includes(wanted),
  );
  const box = "min-w-0 rounded-md border border-line bg-ground px-2 py-1 text-small";
  return (
    <section aria-label="Log" className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="font-semibold">Log</h2>
        {view.log.length > MANY && (
          <>
            <input
              aria-label="Show lines with these words"
              placeholder="Filter"
              className={box}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
            {phases.length > 1 && (
              <select
                aria-label="Show lines of a phase"
                className={box}
                value={phase}
                onChange={(event) => setPhase(event.target.value)}
              >
                <option value="">all phases</option>
                {phases.map((title) => (
                  <option key={title}>{title}</option>
                ))}
              </select>
            )}
          </>
        )}
      </div>
      {hidden > 0 && (
        <p className="text-faint text-small">{count(hidden)} earlier lines are in its events.</p>
      )}
      {lines.length === 0 && <p className="text-faint text-small">No line fits.</p>}
      <ul className="flex flex-col gap-0.5 font-mono text-small">
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added
          <li key={index} className="flex gap-3 [overflow-wrap:anywhere]" title={exactly(line.at)}>
            <Ago at={line.at} className="w-10 shrink-0 text-faint" />
            <span className="min-w-0 whitespace-pre-wrap">{line.text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
