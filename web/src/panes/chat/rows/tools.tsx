// Tool calls, line by line; many of them as one line that says how many, how long and how they ended, and opens in place.
import { CircleHelp, ListTree, X } from "lucide-react";
import { Fragment, memo } from "react";
import { duration, plural } from "../../../parts/format.ts";
import { type Step, type ToolsRow, toolsOf } from "../list/rows.ts";
import { Fold } from "./fold.tsx";
import { useFold } from "./folds.ts";
import { Reasoning } from "./reasoning.tsx";
import { type Summary, summarised, verbWords } from "./summary.ts";
import { ToolLine } from "./tool.tsx";

/** From so many on they are one line. */
const MANY = 6;
/** While more may come, so many of the last stand below that line. */
const SHOWN = 3;

export const Tools = memo(function Tools({ row }: { row: ToolsRow }) {
  const tools = toolsOf(row);
  const summary = summarised(tools);
  if (tools.length < MANY) return <Steps steps={row.steps} longest={summary.longest} />;
  return (
    <div className="flex flex-col">
      <Group row={row} summary={summary} />
      {row.current && (
        <ul aria-label="Newest tool calls" className="flex flex-col">
          {tools.slice(-SHOWN).map((tool) => (
            <ToolLine key={tool.tool_call} tool={tool} longest={summary.longest} />
          ))}
        </ul>
      )}
    </div>
  );
});

function Group({ row, summary }: { row: ToolsRow; summary: Summary }) {
  const [open, toggle] = useFold(row.key);
  return (
    <div data-group={summary.count}>
      <Fold
        open={open}
        onToggle={toggle}
        icon={<ListTree size={14} aria-hidden />}
        summary={
          <>
            <span className="text-soft">{plural(summary.count, "tool call")}</span>{" "}
            <span className="text-faint text-small">{verbWords(summary.verbs)}</span>
          </>
        }
        aside={<GroupOutcome summary={summary} />}
      >
        <Steps steps={row.steps} longest={summary.longest} />
      </Fold>
    </div>
  );
}

function GroupOutcome({ summary: { failed, unknown, busy } }: { summary: Summary }) {
  return (
    <span className="numbers flex shrink-0 items-center gap-2 text-faint text-small">
      {unknown > 0 && (
        <span className="flex items-center gap-1 text-warn">
          <CircleHelp size={13} aria-hidden />
          {unknown} unknown
        </span>
      )}
      {failed > 0 && (
        <span className="flex items-center gap-1 text-bad">
          <X size={13} aria-hidden />
          {failed} failed
        </span>
      )}
      <span>{duration(busy)}</span>
    </span>
  );
}

function Steps({ steps, longest }: { steps: Step[]; longest: number }) {
  return (
    <ul aria-label="Tool calls" className="flex flex-col">
      {steps.map(({ call, reasoned }) => (
        <Fragment key={call.call}>
          {reasoned && (
            <li>
              <Reasoning id={call.call} body={call.reasoning} live={false} />
            </li>
          )}
          {call.tool_calls?.map((tool) => (
            <ToolLine key={tool.tool_call} tool={tool} longest={longest} />
          ))}
        </Fragment>
      ))}
    </ul>
  );
}
