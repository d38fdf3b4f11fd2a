// The quiet line at the end of a turn, or the loud one if it did not end well.
import { CircleStop, OctagonAlert } from "lucide-react";
import { memo } from "react";
import { useBody } from "../../../parts/body-text.tsx";
import { CopyButton } from "../../../parts/code/index.tsx";
import { brief, cacheShare, count, duration, exactly, isEmpty, plural } from "../../../parts/format.ts";
import type { Body, Call, Limit, TurnEnd } from "../../../wire/index.ts";
import { useDeeds } from "./deeds.ts";
import { Failure } from "./failure.tsx";
import { RowMenuButton } from "./menu.tsx";

interface Props {
  end: TurnEnd;
  /** The last call of the turn. */
  before: Call | null;
}

export const TurnEndLine = memo(function TurnEndLine({ end, before }: Props) {
  const { outcome, usage } = end;
  const deeds = useDeeds();
  const cached = cacheShare(usage);
  const facts = [
    before?.model,
    duration((end.ended_at - end.started_at) / 1_000),
    usage.input + usage.output > 0 &&
      `${usage.estimated ? "about " : ""}${brief(usage.input)} in, ${brief(usage.output)} out`,
    cached !== null && cached > 0 && `${cached} % cached`,
  ].filter((fact): fact is string => typeof fact === "string" && fact !== "");
  const title = `Turn ${end.turn}, ended ${exactly(end.ended_at)}\n${plural(usage.input, "token")} in (${count(usage.cache_read)} from the cache), ${count(usage.output)} out (${count(usage.reasoning)} reasoning)`;
  return (
    <div className="flex flex-col gap-2">
      {outcome === null && (
        <p className="flex items-center gap-2 text-small text-soft">
          <CircleStop size={13} aria-hidden />
          Stopped
        </p>
      )}
      {outcome?.kind === "limited" && (
        <p className="flex items-center gap-2 text-small text-warn">
          <OctagonAlert size={13} aria-hidden />
          {limitWords(outcome.limit)}
        </p>
      )}
      {outcome?.kind === "failed" && <Failure error={outcome.error} retryAt={null} />}
      <div className="group/row -mt-1 flex items-center gap-2">
        <p className="numbers min-w-0 flex-1 truncate text-faint text-small" title={title}>
          {facts.join(" · ")}
        </p>
        {before && !isEmpty(before.text) && <CopyAnswer body={before.text} />}
        <RowMenuButton
          label="What can be done with this turn"
          actions={() => deeds.withTurn(end, before?.call ?? null)}
          className="-my-1 -ml-1.5"
        />
      </div>
    </div>
  );
});

function CopyAnswer({ body }: { body: Body }) {
  return <CopyButton text={useBody(body, true).text} label="Copy answer" />;
}

export function limitWords(limit: Limit): string {
  switch (limit.kind) {
    case "steps":
      return `Ended at the limit of ${plural(limit.calls, "model call")} in one turn`;
    case "doom_loop":
      return `Ended because ${limit.tool} was called ${limit.times} times in a row with the same arguments`;
    case "tool_mistakes":
      return `Ended after ${plural(limit.times, "tool call")} in a row that failed`;
    case "tool_calls":
      return `Ended at the limit of ${plural(limit.calls, "tool call")} in one turn`;
    case "output_tokens":
      return `Ended at the budget of ${count(limit.budget)} output tokens in one turn`;
    case "tokens":
      return `Ended at the budget of ${count(limit.budget)} tokens in one turn`;
  }
}
