// What the open turn is doing, at the end of the conversation.
import { currentCall } from "../../../live/chat.ts";
import { useNow } from "../../../parts/clock.tsx";
import { brief, isEmpty, plural, seconds } from "../../../parts/format.ts";
import type { ChatView, Turn } from "../../../wire/index.ts";
import { limitWords } from "./turn-end.tsx";

interface Props {
  view: ChatView;
  turn: Turn;
  /** The server is away: what it is doing is not known. */
  away: boolean;
}

export function Working({ view, turn, away }: Props) {
  const now = useNow(1_000);
  const elapsed = seconds(now - turn.started_at / 1_000);
  const tokens = turn.usage.input + turn.usage.output;
  if (away)
    return (
      <p role="status" className="ml-6 text-small text-warn">
        The server is away: the answer goes on when it is back.
      </p>
    );
  const doing = whatIsDone(view);
  return (
    <div className="mt-3 flex items-center gap-2 text-faint text-small">
      <span aria-hidden className="flex size-4 items-center justify-center">
        <span className="size-1.5 animate-breathe rounded-full bg-accent" />
      </span>
      <span role="status">{turn.limit ? `${limitWords(turn.limit)}: summing up` : doing}</span>
      <span className="numbers">
        {elapsed}
        {tokens > 0 && ` · ${brief(tokens)} tokens`}
      </span>
    </div>
  );
}

function whatIsDone(view: ChatView): string {
  const call = currentCall(view);
  if (!call) return "Starting";
  const tools = call.tool_calls ?? [];
  const open = tools.filter((tool) => tool.state.kind !== "finished");
  if (call.state.kind === "failed") return "Waiting to try again";
  if (call.state.kind === "finished")
    return open.length > 0 ? `Running ${plural(open.length, "tool")}` : "Ending";
  if (call.attempt === null) return `Waiting for ${call.model}`;
  if (!isEmpty(call.text)) return "Writing";
  return isEmpty(call.reasoning) ? `Asking ${call.model}` : "Reasoning";
}
