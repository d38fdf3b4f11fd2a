// What a call of the model reasoned and wrote, and what was cut off before.
import { CircleSlash, History } from "lucide-react";
import { memo } from "react";
import { More, useBody } from "../../../parts/body-text.tsx";
import { isEmpty, shown } from "../../../parts/format.ts";
import { Markdown } from "../../../parts/markdown/index.tsx";
import type { Body, Call, Interrupted } from "../../../wire/index.ts";
import { Failure } from "./failure.tsx";
import { Fold } from "./fold.tsx";
import { useFold } from "./folds.ts";
import { Reasoning } from "./reasoning.tsx";

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
        <Cut key={cut.attempt} call={call.call} cut={cut} />
      ))}
      {!isEmpty(call.reasoning) && (
        <Reasoning id={call.call} body={call.reasoning} live={streaming && !answer} />
      )}
      {answer && <Answer text={call.text} streaming={streaming} />}
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
function Cut({ call, cut }: { call: string; cut: Interrupted }) {
  const [open, toggle] = useFold(`cut ${call} ${cut.attempt}`);
  const text = isEmpty(cut.text) ? cut.reasoning : cut.text;
  return (
    <Fold
      open={open}
      onToggle={toggle}
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
