// The phases of a run as columns, and its steps as cards that take their place when they come.
import { Check, CircleHelp, CircleStop, Clock, type LucideIcon, TriangleAlert } from "lucide-react";
import { type StepState, stateOf } from "../../live/run.ts";
import { useNow } from "../../parts/clock.tsx";
import { count, duration } from "../../parts/format.ts";
import type { RunStep, RunView } from "../../wire/index.ts";

interface Props {
  view: RunView;
  chosen: number | null;
  onChoose(step: number | null): void;
}

export function Cards({ view, chosen, onChoose }: Props) {
  const steps = Object.entries(view.steps)
    .map(([number, step]) => [Number(number), step] as const)
    .filter(([, step]) => step.kind !== "sleep");
  const without = steps.filter(([, step]) => !step.phase);
  const columns = [
    ...(without.length > 0 ? [{ title: "", steps: without }] : []),
    ...view.phases.map((title) => ({ title, steps: steps.filter(([, step]) => step.phase === title) })),
  ];
  if (columns.length === 0) return <p className="text-soft">The script has asked for nothing yet.</p>;
  return (
    <div className="flex gap-3 max-md:flex-col md:flex-wrap">
      {columns.map((column) => (
        <section
          key={column.title}
          aria-label={column.title || "Steps"}
          className="flex min-w-0 flex-col gap-1.5 md:w-60"
        >
          {column.title && <h2 className="truncate font-semibold">{column.title}</h2>}
          {column.steps.length === 0 && <p className="text-faint text-small">nothing yet</p>}
          {column.steps.map(([number, step]) => (
            <Card
              key={number}
              step={step}
              chosen={chosen === number}
              onChoose={() => onChoose(chosen === number ? null : number)}
            />
          ))}
        </section>
      ))}
    </div>
  );
}

const LOOKS: Record<StepState, { words: string; icon: LucideIcon | null; tone: string }> = {
  waiting: { words: "waits", icon: Clock, tone: "text-faint" },
  running: { words: "running", icon: null, tone: "text-accent" },
  asks: { words: "waits for you", icon: CircleHelp, tone: "text-warn" },
  done: { words: "done", icon: Check, tone: "text-good" },
  failed: { words: "failed", icon: TriangleAlert, tone: "text-bad" },
  stopped: { words: "stopped", icon: CircleStop, tone: "text-faint" },
};

function Card({ step, chosen, onChoose }: { step: RunStep; chosen: boolean; onChoose(): void }) {
  const state = stateOf(step);
  const { words, icon: Icon, tone } = LOOKS[state];
  return (
    <button
      type="button"
      onClick={onChoose}
      aria-pressed={chosen}
      className={`flex min-h-11 flex-col gap-0.5 rounded-md border px-2.5 py-1.5 text-left ${chosen ? "border-accent bg-chosen" : "border-line hover:bg-hover"}`}
    >
      <span className="flex items-center gap-2">
        {Icon ? (
          <Icon size={14} className={`shrink-0 ${tone}`} aria-hidden />
        ) : (
          <span className="mx-[3px] size-2 shrink-0 animate-breathe rounded-full bg-accent" aria-hidden />
        )}
        <span className="min-w-0 flex-1 truncate" title={step.label}>
          {step.label}
        </span>
      </span>
      <span className="flex gap-2 text-faint text-small tabular-nums">
        <span className={state === "asks" || state === "failed" ? tone : ""}>{words}</span>
        {state === "running" && step.started_at ? <Since at={step.started_at} /> : null}
        {step.outcome && <span>{duration(step.latency_ms)}</span>}
        {step.usage.output > 0 && <span>{count(step.usage.input + step.usage.output)} tokens</span>}
      </span>
    </button>
  );
}

function Since({ at }: { at: number }) {
  const now = useNow(1_000);
  return <span>{duration(Math.max(0, now - at / 1_000))}</span>;
}
