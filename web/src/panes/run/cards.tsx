// The phases of a run as columns, and its steps as cards that take their place when they come.
import { Check, CircleHelp, CircleStop, Clock, History, type LucideIcon, TriangleAlert } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { columnsOf, linesOf, neighbour, type StepState, stateOf } from "../../live/run.ts";
import { useNow } from "../../parts/clock.tsx";
import { count, duration } from "../../parts/format.ts";
import type { RunStep, RunView } from "../../wire/index.ts";
import { Lines } from "./lines.tsx";

interface Props {
  view: RunView;
  chosen: number | null;
  onChoose(step: number | null): void;
}

export function Cards({ view, chosen, onChoose }: Props) {
  const columns = columnsOf(view);
  const place = useRef<HTMLFieldSetElement>(null);
  if (columns.length === 0) return <p className="text-soft">The script has asked for nothing yet.</p>;
  const move = (event: KeyboardEvent) => {
    if (event.key === "Escape" && chosen !== null) {
      event.preventDefault();
      onChoose(null);
      return;
    }
    if (!event.key.startsWith("Arrow")) return;
    const from = Number((event.target as HTMLElement).dataset.step ?? -1);
    const card = place.current?.querySelector<HTMLElement>(
      `[data-step="${neighbour(columns, from, event.key)}"]`,
    );
    if (!card) return;
    event.preventDefault();
    card.focus();
    if (chosen !== null) onChoose(Number(card.dataset.step));
  };
  return (
    <fieldset
      ref={place}
      aria-label="Steps by phase"
      onKeyDown={move}
      className="relative flex shrink-0 gap-7 pb-1 max-md:flex-col max-md:gap-3 md:overflow-x-auto"
    >
      <Lines of={linesOf(view)} chosen={chosen} within={place} />
      {columns.map((column, index) => (
        <section
          key={column.title || index}
          aria-label={column.title || (index === 0 ? "Steps" : `Steps, column ${index + 1}`)}
          className="flex min-w-0 flex-col gap-1.5 md:w-60 md:shrink-0"
        >
          {column.title && (
            <h2 className="flex items-baseline gap-2 font-semibold">
              <span className="min-w-0 truncate">{column.title}</span>
              {column.steps.length > 0 && (
                <span className="font-normal text-faint text-small tabular-nums">
                  {column.steps.filter(([, step]) => step.outcome).length} of {column.steps.length}
                </span>
              )}
            </h2>
          )}
          {column.steps.length === 0 && <p className="text-faint text-small">nothing yet</p>}
          {column.steps.map(([number, step]) => (
            <Card
              key={number}
              number={number}
              step={step}
              chosen={chosen === number}
              onChoose={() => onChoose(chosen === number ? null : number)}
            />
          ))}
        </section>
      ))}
    </fieldset>
  );
}

const LOOKS: Record<StepState, { words: string; icon: LucideIcon | null; tone: string }> = {
  waiting: { words: "waits", icon: Clock, tone: "text-faint" },
  running: { words: "running", icon: null, tone: "text-accent" },
  asks: { words: "waits for you", icon: CircleHelp, tone: "text-warn" },
  done: { words: "done", icon: Check, tone: "text-good" },
  cached: { words: "from the cache", icon: History, tone: "text-faint" },
  failed: { words: "failed", icon: TriangleAlert, tone: "text-bad" },
  stopped: { words: "stopped", icon: CircleStop, tone: "text-faint" },
};

interface CardProps {
  number: number;
  step: RunStep;
  chosen: boolean;
  onChoose(): void;
}

function Card({ number, step, chosen, onChoose }: CardProps) {
  const state = stateOf(step);
  const { words, icon: Icon, tone } = LOOKS[state];
  const line = state === "cached" ? "border-line border-dashed" : "border-line";
  return (
    <button
      type="button"
      onClick={onChoose}
      aria-pressed={chosen}
      data-step={number}
      className={`flex min-h-11 flex-col gap-0.5 rounded-md border px-2.5 py-1.5 text-left ${chosen ? "border-accent bg-chosen" : `${line} hover:bg-hover`}`}
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
        {step.retry_at ? <span>{step.tries?.length} failed</span> : null}
        {step.outcome && state !== "cached" && <span>{duration(step.latency_ms)}</span>}
        {step.usage.output > 0 && <span>{count(step.usage.input + step.usage.output)} tokens</span>}
        {step.model && state !== "cached" && (
          <span className="min-w-0 truncate" title={step.model}>
            {step.agent ?? step.model.split("/").at(-1)}
          </span>
        )}
      </span>
    </button>
  );
}

function Since({ at }: { at: number }) {
  const now = useNow(1_000);
  return <span>{duration(Math.max(0, now - at / 1_000))}</span>;
}
