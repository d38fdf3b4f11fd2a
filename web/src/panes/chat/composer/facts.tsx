// What stands in the field's foot besides the model: the agent, how full the context is, how fast is written.
import { useEffect, useMemo, useState } from "react";
import { currentCall } from "../../../live/chat.ts";
import { useNow } from "../../../parts/clock.tsx";
import { bodyLength, brief, count } from "../../../parts/format.ts";
import { useModelInfo } from "../../../parts/models.ts";
import type { Call, ChatView } from "../../../wire/index.ts";
import { type Sample, sampled, tokensPerSecond } from "./speed.ts";

export function Facts({ view }: { view: ChatView }) {
  const { about } = view;
  const call = currentCall(view);
  return (
    <>
      {about && (
        <span className="truncate text-faint text-small max-md:hidden" title="The agent that answers">
          {about.agent}
        </span>
      )}
      <span className="numbers ml-auto flex min-w-0 items-center gap-2 text-faint text-small">
        {call?.state.kind === "open" && call.attempt !== null && <Speed key={call.call} call={call} />}
        <Context view={view} model={about?.model ?? ""} />
      </span>
    </>
  );
}

/** How much of the model's window the conversation took when it was asked last. */
function Context({ view, model }: { view: ChatView; model: string }) {
  const { messages } = view;
  const last = useMemo(
    () => messages.findLast((it): it is Call => it.kind === "call" && it.usage.input > 0),
    [messages],
  );
  const window = useModelInfo(model)?.context_window ?? null;
  if (!last) return null;
  const used = last.usage.input + last.usage.output;
  const about = last.usage.estimated ? "about " : "";
  if (!window)
    return (
      <span
        className="truncate"
        title={`The conversation took ${about}${count(used)} tokens when it was last sent`}
      >
        {about}
        {brief(used)} in context
      </span>
    );
  const share = Math.min(1, used / window);
  const look = share > 0.8 ? "bg-warn" : "bg-bar";
  return (
    <span
      className="flex items-center gap-1.5"
      title={`The conversation took ${about}${count(used)} of the ${count(window)} tokens that ${model} can have before it`}
    >
      <span aria-hidden className="h-1 w-10 overflow-hidden rounded-full bg-line">
        <span className={`block h-full rounded-full ${look}`} style={{ width: `${share * 100}%` }} />
      </span>
      <span>
        {about}
        {brief(used)} of {brief(window)}
        <span className="sr-only"> tokens of context used</span>
      </span>
    </span>
  );
}

/** How fast the answer is written, while it is. */
function Speed({ call }: { call: Call }) {
  const now = useNow(500);
  const length = bodyLength(call.text) + bodyLength(call.reasoning);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a sample is taken with every tick of the clock
  useEffect(() => setSamples((was) => sampled(was, { at: performance.now(), length })), [now]);
  const speed = tokensPerSecond(samples);
  if (speed === null) return null;
  return (
    <span className="max-md:hidden" title="About how fast the answer is written">
      ~{Math.round(speed)} tokens/s
    </span>
  );
}
