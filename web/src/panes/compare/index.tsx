// Two runs beside each other: the columns of the first, each step with what is not as it was in the other.
import { Check, Diff, Minus, Plus } from "lucide-react";
import { useState } from "react";
import { useList, useRun } from "../../live/react.tsx";
import { reasonWords } from "../../live/run.ts";
import { BodyText } from "../../parts/body-text.tsx";
import { count, duration, plural } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, useRouter } from "../../routes.tsx";
import type { Micros, RunStep, RunView } from "../../wire/index.ts";
import { STATES } from "../workflows/runs.tsx";
import { linesOf } from "./lines.ts";
import { compare, moreOf, onlyOther, type Pair, sameOf, tokensOf } from "./match.ts";

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
  const [narrow, setNarrow] = useState(false);
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
  const whole = compare(here.view, there.view);
  const { same, all } = sameOf(whole);
  const columns = narrow ? onlyOther(whole) : whole;
  const more = tokensOf(here.view.usage) - tokensOf(there.view.usage);
  const [took, before] = [lasted(here.view), lasted(there.view)];
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="shrink-0 font-semibold">
          <Link to={{ pane: "run", project, session, run }} className="hover:underline">
            {workflow}
          </Link>
        </h1>
        <label className="flex min-w-0 items-center gap-2 text-small">
          <span className="shrink-0 text-soft max-md:sr-only">against the run of</span>
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
                {moment(row.requested_at)} · {STATES[row.state]}
              </option>
            ))}
          </select>
        </label>
        <p role="status" className="truncate text-small text-soft tabular-nums max-md:sr-only">
          {same} of {plural(all, "step")} the same · {signed(more, count)} tokens
          {took !== null && before !== null && ` · ${signed(took - before, duration)}`}
        </p>
        <span className="flex-1" />
        <label className="flex shrink-0 items-center gap-1.5 text-small text-soft">
          <input
            type="checkbox"
            className="accent-accent"
            checked={narrow}
            onChange={(event) => setNarrow(event.target.checked)}
          />
          Only what differs
        </label>
      </PaneHead>
      <div className="flex min-h-0 flex-1 gap-3 overflow-auto p-4 max-md:flex-col max-md:p-2">
        {columns.length === 0 && (
          <p className="text-soft">{all === 0 ? "Neither run has a step yet." : "Every step is the same."}</p>
        )}
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

/** As short as it can be while runs of one day can be told apart. */
const moment = (at: Micros) =>
  new Date(at / 1_000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A number with its sign, in the words that `say` has for it. */
const signed = (number: number, say: (size: number) => string) =>
  `${number > 0 ? "+" : number < 0 ? "−" : "±"}${say(Math.abs(number))}`;

/** How long a run took in ms, waiting included; null while it goes on. */
const lasted = (view: RunView) =>
  view.ended_at == null ? null : Math.max(0, view.ended_at - view.requested_at) / 1_000;

function Both({ pair, open, onOpen }: { pair: Pair; open: boolean; onOpen(): void }) {
  const { one, other, marks, label } = pair;
  const Icon = marks.length === 0 ? Check : !other ? Plus : !one ? Minus : Diff;
  const more = moreOf(pair);
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
        <span className="flex flex-wrap gap-x-3 text-small">
          <span className={marks.length === 0 ? "text-faint" : tone}>
            {marks.length === 0 ? "the same" : marks.join(" · ")}
          </span>
          {more && (
            <span className="text-faint tabular-nums">
              {signed(more.tokens, count)} tokens · {signed(more.ms, duration)}
            </span>
          )}
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-2 border-line border-t px-2.5 py-2">
          {one && <Side title="This run" step={one} />}
          {other && <Side title="The other run" step={other} />}
          {one && other ? (
            <>
              <Apart title="Asked" before={other.payload} now={one.payload} />
              <Apart title="Answered" before={answerOf(other)} now={answerOf(one)} />
            </>
          ) : (
            <Alone step={(one ?? other) as RunStep} />
          )}
        </div>
      )}
    </div>
  );
}

function Side({ title, step }: { title: string; step: RunStep }) {
  const why = reasonWords(step);
  return (
    <div className="flex flex-col gap-1">
      <h3 className="flex gap-2 text-small">
        <span className="font-semibold">{title}</span>
        <span className="text-faint tabular-nums">
          {step.cached_from ? "from the cache" : duration(step.latency_ms)} ·{" "}
          {count(step.usage.input + step.usage.output)} tokens
        </span>
      </h3>
      {why && <p className="text-small text-soft">{why}</p>}
    </div>
  );
}

type Text = RunStep["payload"];

/** What came of a step: its answer, or why there is none. */
function answerOf({ outcome }: RunStep): Text | null {
  if (outcome?.kind === "succeeded") return outcome.value;
  return outcome?.kind === "failed" ? `${outcome.name}: ${outcome.message}` : null;
}

/** One text where both are the same; else both in one, with what only one of them has marked. */
function Apart({ title, before, now }: { title: string; before: Text | null; now: Text | null }) {
  return (
    <section aria-label={title} className="flex flex-col gap-1">
      <h3 className="font-semibold text-small">{title}</h3>
      <BodyText body={before ?? ""}>
        {(was) => (
          <BodyText body={now ?? ""}>{(is) => <Marked before={plain(was)} now={plain(is)} />}</BodyText>
        )}
      </BodyText>
    </section>
  );
}

const MARKS = {
  both: ["", " ", ""],
  before: ["Only in the other run: ", "−", "bg-bad-ground text-bad"],
  now: ["Only in this run: ", "+", "bg-chosen text-good"],
} as const;

function Marked({ before, now }: { before: string; now: string }) {
  const lines = linesOf(before, now);
  if (!lines)
    return (
      <>
        <p className="text-faint text-small">Too long to be compared line by line: first the other run's.</p>
        <pre className={BOX}>{before}</pre>
        <pre className={BOX}>{now}</pre>
      </>
    );
  if (lines.every((line) => line.in === "both"))
    return (
      <>
        <p className="text-faint text-small">The same in both.</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
        <pre className={BOX} tabIndex={0}>
          {now}
        </pre>
      </>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <pre className={BOX} tabIndex={0}>
      {lines.map((line, index) => {
        const [words, sign, look] = MARKS[line.in];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a text have no other name
          <span key={index} className={`flex gap-1.5 rounded-sm ${look}`}>
            <span className="sr-only select-none">{words}</span>
            <span aria-hidden className="w-2 shrink-0 select-none">
              {sign}
            </span>
            <span className="min-w-0">{line.text || " "}</span>
          </span>
        );
      })}
    </pre>
  );
}

const BOX =
  "max-h-60 overflow-auto whitespace-pre-wrap rounded-md bg-sunken p-2 font-mono text-small [overflow-wrap:anywhere]";

function Alone({ step }: { step: RunStep }) {
  const answer = answerOf(step);
  return [step.payload, answer].map(
    (body, index) =>
      body !== null && (
        <section key={index === 0 ? "asked" : "answered"} className="flex flex-col gap-1">
          <h3 className="font-semibold text-small">{index === 0 ? "Asked" : "Answered"}</h3>
          <BodyText body={body}>{(text) => <pre className={BOX}>{plain(text)}</pre>}</BodyText>
        </section>
      ),
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
