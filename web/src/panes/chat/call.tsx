// A call of the model: what it reasoned, wrote and asked for, and what was cut off before.
import { CircleSlash, History } from "lucide-react";
import { memo, useState } from "react";
import { More, useBody } from "../../parts/body-text.tsx";
import { isEmpty, shown } from "../../parts/format.ts";
import { Markdown } from "../../parts/markdown/index.tsx";
import type { Body, Call, Interrupted } from "../../wire/index.ts";
import { Failure } from "./failure.tsx";
import { Fold } from "./fold.tsx";
import { Reasoning } from "./reasoning.tsx";
import { ToolLine } from "./tool.tsx";

interface Props {
  call: Call;
  /** It is the last of the open turn. */
  current: boolean;
}

export const CallMessage = memo(function CallMessage({ call, current }: Props) {
  const streaming = call.state.kind === "open";
  const answer = !isEmpty(call.text);
  return (
    <article aria-label={`${call.model || "Model"} answers`} className="flex flex-col gap-2">
      {call.interrupted?.map((cut) => (
        <Cut key={cut.attempt} cut={cut} />
      ))}
      {!isEmpty(call.reasoning) && <Reasoning body={call.reasoning} live={streaming && !answer} />}
      {answer && <Answer text={call.text} streaming={streaming} />}
      {call.tool_calls && (
        <ul aria-label="Tool calls" className="flex flex-col">
          {call.tool_calls.map((tool) => (
            <ToolLine key={tool.tool_call} tool={tool} />
          ))}
        </ul>
      )}
      <State call={call} current={current} />
    </article>
  );
});

function Answer({ text, streaming }: { text: Body; streaming: boolean }) {
  const { text: whole, ...rest } = useBody(text, true);
  return (
    <div>
      <Markdown text={whole} streaming={streaming} />
      <More of={text} {...rest} />
    </div>
  );
}

function State({ call, current }: Props) {
  const { state } = call;
  switch (state.kind) {
    case "failed":
      return <Failure error={state.error} retryAt={current ? (state.retry_at ?? null) : null} />;
    case "finished":
      if (state.stop === "length") return <Note>The answer ran into the model's limit of output.</Note>;
      if (state.stop === "content_filter") return <Note>The provider held the rest of the answer back.</Note>;
      return null;
    case "cancelled":
    case "open":
      return null;
  }
}

function Note({ children }: { children: string }) {
  return (
    <p className="flex items-center gap-2 text-small text-warn">
      <CircleSlash size={13} aria-hidden />
      {children}
    </p>
  );
}

/** What an attempt wrote before it was cut off; another one began anew. */
function Cut({ cut }: { cut: Interrupted }) {
  const [open, setOpen] = useState(false);
  const text = isEmpty(cut.text) ? cut.reasoning : cut.text;
  return (
    <Fold
      open={open}
      onToggle={() => setOpen(!open)}
      icon={<History size={13} className="text-warn" aria-hidden />}
      summary={
        <>
          <span className="text-warn">Interrupted</span>{" "}
          <span className="text-faint">attempt {cut.attempt}, begun anew</span>
        </>
      }
    >
      <div className="border-line-strong border-l-2 border-dashed pl-3 text-soft">
        <Markdown text={shown(text)} />
      </div>
    </Fold>
  );
}
