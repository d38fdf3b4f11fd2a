// The events of a replay: what happened, by whom and when; one of them is shown.
import { useEffect, useRef } from "react";
import { Button } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { bytes, count } from "../../parts/format.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import type { Counts, EventOut } from "../../wire/index.ts";
import { EVERYTHING, type EventList, type Filter, isFilter } from "./source.ts";

interface Props {
  list: EventList;
  at: number;
  onChoose(revision: number): void;
}

export const nameOf = ({ kind, id }: EventOut["by"]): string => `${kind}:${id}`;

export function Events({ list, at, onChoose }: Props) {
  const chosen = useRef<HTMLLIElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another is chosen, or the list is another
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: "nearest" });
  }, [at, list.items]);
  if (list.error) return <Trouble>{list.error.message}</Trouble>;
  if (!list.known) return <Skeleton lines={8} label="Loading the events" />;
  if (list.items.length === 0) return <p className="p-4 text-faint">No event is like that.</p>;
  return (
    <>
      <ol aria-label="Events" className="text-small">
        {list.items.map((event) => {
          const current = event.revision === at;
          return (
            <li key={event.revision} ref={current ? chosen : null} className="scroll-my-7">
              <button
                type="button"
                aria-current={current ? "true" : undefined}
                onClick={() => onChoose(event.revision)}
                className={`flex min-h-7 w-full items-center gap-2 px-3 text-left ${current ? "bg-chosen" : "hover:bg-hover"}`}
              >
                <span className="numbers w-10 shrink-0 text-right text-faint">{count(event.revision)}</span>
                <span className="min-w-0 flex-1 truncate font-medium">{event.type}</span>
                <span className="max-w-24 truncate text-soft" title={nameOf(event.by)}>
                  {event.by.id}
                </span>
                <span className="numbers w-14 shrink-0 text-right text-faint @max-lg:hidden">
                  {bytes(JSON.stringify(event.data).length)}
                </span>
                <Ago at={event.at} className="w-12 shrink-0 text-right text-faint" />
              </button>
            </li>
          );
        })}
      </ol>
      {list.more && (
        <Button look="quiet" className="m-2" onClick={list.more}>
          Show more
        </Button>
      )}
    </>
  );
}

interface SieveProps {
  counts: Counts | null;
  filter: Filter;
  onFilter(filter: Filter): void;
  field: React.RefObject<HTMLInputElement | null>;
}

const FIELD = "h-7 min-w-0 rounded-md border border-line-strong bg-raised px-1.5 text-small";

export function Sieve({ counts, filter, onFilter, field }: SieveProps) {
  return (
    <search className="flex flex-wrap items-center gap-1.5 border-line border-b p-2">
      <input
        ref={field}
        type="search"
        aria-label="Words in the events"
        placeholder="Filter by words"
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
        className={`${FIELD} flex-1 basis-full`}
      />
      <Choice
        label="Type"
        all="All types"
        of={counts?.types}
        value={filter.type}
        onChoose={(type) => onFilter({ ...filter, type })}
      />
      <Choice
        label="By whom"
        all="By anyone"
        of={counts?.by}
        value={filter.by}
        onChoose={(by) => onFilter({ ...filter, by })}
      />
      {isFilter(filter) && (
        <button
          type="button"
          className="text-accent text-small hover:underline"
          onClick={() => onFilter(EVERYTHING)}
        >
          Clear
        </button>
      )}
    </search>
  );
}

function Choice(props: {
  label: string;
  all: string;
  of: Counts["types"] | undefined;
  value: string;
  onChoose(value: string): void;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChoose(event.target.value)}
      className={`${FIELD} w-34`}
    >
      <option value="">{props.all}</option>
      {Object.entries(props.of ?? {}).map(([name, number]) => (
        <option key={name} value={name}>
          {name} ({count(number)})
        </option>
      ))}
    </select>
  );
}
