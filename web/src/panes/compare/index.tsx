// Two runs beside each other: the columns of the first, each step with what is not as it was in the other.
import { Check, Diff, Minus, Plus } from "lucide-react";
import { useState } from "react";
import { useList, useRun } from "../../live/react.tsx";
import { BodyText } from "../../parts/body-text.tsx";
import { count, duration, exactly, plural } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, useRouter } from "../../routes.tsx";
import type { RunStep } from "../../wire/index.ts";
import { compare, type Pair, sameOf } from "./match.ts";

interface Props {
  project: string;
  session: string;
  run: string;
  other: string;
}

export function ComparePane({ project, session, run, other }: Props) {
  const [here, there] = [useRun(run), useRun(other)];
  const { go } = useRouter();
  const [open, setOpen] = useState<string | null>(null);
  const workflow = here.view.about?.workflow ?? "";
  const runs = useList("runs")
    .rows.filter((row) => row.project === project && row.workflow === workflow && row.id !== run)
    .toSorted((a, b) => b.requested_at - a.requested_at);
  usePaneTitle(workflow ? `${workflow}: two runs` : "Two runs");
  const trouble = here.trouble ?? there.trouble;
  if (trouble)
    return (
      <div className="p-4">
        <Trouble>{trouble.message}</Trouble>
      </div>
    );
  if (here.freshness === "loading" || there.freshness === "loading")
    return <Skeleton lines={8} label="Loading both runs" />;
  if (!here.view.about || !there.view.about)
    return (
      <Empty title="There is no such run">
        <p>Choose two from the runs of a workflow.</p>
      </Empty>
    );
  const columns = compare(here.view, there.view);
  const { same, all } = sameOf(columns);
  const tokens = (entry: typeof here) => entry.view.usage.input + entry.view.usage.output;
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="shrink-0 font-semibold">
          <Link to={{ pane: "run", project, session, run }} className="hover:underline">
            {workflow}
          </Link>
        </h1>
        <label className="flex min-w-0 items-center gap-2 text-small">
          <span className="shrink-0 text-soft">against the run of</span>
          <select
            className="min-w-0 rounded-md border border-line bg-ground px-2 py-1"
            value={other}
            onChange={(event) =>
              go({ pane: "compare", project, session, run, other: event.target.value }, "replace")
            }
          >
            {!runs.some((row) => row.id === other) && <option value={other}>another time</option>}
            {runs.map((row) => (
              <option key={row.id} value={row.id}>
                {exactly(row.requested_at)} · {row.state}
              </option>
            ))}
          </select>
        </label>
        <p role="status" className="truncate text-small text-soft tabular-nums max-md:sr-only">
          {same} of {plural(all, "step")} the same · {signed(tokens(here) - tokens(there))} tokens
        </p>
      </PaneHead>
      <div className="flex min-h-0 flex-1 gap-3 overflow-auto p-4 max-md:flex-col max-md:p-2">
        {columns.map((column) => (
          <section
            key={column.title}
            aria-label={column.title || "Steps"}
            className="flex min-w-0 flex-col gap-1.5 md:w-80 md:shrink-0"
          >
            {column.title && <h2 className="truncate font-semibold">{column.title}</h2>}
            {column.pairs.map((pair) => (
              <Both
                key={pair.key}
                pair={pair}
                open={open === pair.key}
                onOpen={() => setOpen(open === pair.key ? null : pair.key)}
              />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}

const signed = (number: number) => `${number > 0 ? "+" : number < 0 ? "−" : "±"}${count(Math.abs(number))}`;

function Both({ pair, open, onOpen }: { pair: Pair; open: boolean; onOpen(): void }) {
  const { one, other, marks, label } = pair;
  const Icon = marks.length === 0 ? Check : !other ? Plus : !one ? Minus : Diff;
  const tone = marks.length === 0 ? "text-good" : "text-warn";
  return (
    <div className={`rounded-md border ${marks.length === 0 ? "border-line" : "border-line-strong"}`}>
      <button
        type="button"
        aria-expanded={open}
        onClick={onOpen}
        className="flex min-h-11 w-full flex-col gap-0.5 px-2.5 py-1.5 text-left hover:bg-hover"
      >
        <span className="flex w-full items-center gap-2">
          <Icon size={14} className={`shrink-0 ${tone}`} aria-hidden />
          <span className="min-w-0 flex-1 truncate" title={label}>
            {label}
          </span>
        </span>
        <span className={`text-small ${marks.length === 0 ? "text-faint" : tone}`}>
          {marks.length === 0 ? "the same" : marks.join(" · ")}
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-2 border-line border-t px-2.5 py-2">
          {one && <Side title="This run" step={one} />}
          {other && <Side title="The other run" step={other} />}
        </div>
      )}
    </div>
  );
}

function Side({ title, step }: { title: string; step: RunStep }) {
  return (
    <div className="flex flex-col gap-1">
      <h3 className="flex gap-2 text-small">
        <span className="font-semibold">{title}</span>
        <span className="text-faint tabular-nums">
          {step.cached_from ? "from the cache" : duration(step.latency_ms)} ·{" "}
          {count(step.usage.input + step.usage.output)} tokens
        </span>
      </h3>
      <Text of={step.payload} />
      {step.outcome?.kind === "succeeded" && <Text of={step.outcome.value} />}
      {step.outcome?.kind === "failed" && (
        <p className="text-bad text-small">
          {step.outcome.name}: {step.outcome.message}
        </p>
      )}
    </div>
  );
}

function Text({ of }: { of: RunStep["payload"] }) {
  return (
    <BodyText body={of}>
      {(text) => (
        <pre className="max-h-60 overflow-auto whitespace-pre-wrap rounded-md bg-sunken p-2 font-mono text-small [overflow-wrap:anywhere]">
          {plain(text)}
        </pre>
      )}
    </BodyText>
  );
}

/** The prompt of what was asked, a text as it is, anything else as JSON. */
function plain(text: string): string {
  try {
    const given = JSON.parse(text);
    if (typeof given === "string") return given;
    return typeof given?.prompt === "string" ? given.prompt : JSON.stringify(given, null, 2);
  } catch {
    return text;
  }
}
