// One step of a run: what was asked, what came of it, its chat; a question is answered here, a step stopped.
import { CircleStop, MessageSquare, X } from "lucide-react";
import { useState } from "react";
import { useLive } from "../../live/react.tsx";
import { stateOf } from "../../live/run.ts";
import { BodyText } from "../../parts/body-text.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { count, duration } from "../../parts/format.ts";
import { Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { RunCommand, RunStep } from "../../wire/index.ts";

interface Props {
  run: string;
  project: string;
  session: string;
  number: number;
  step: RunStep;
  onClose(): void;
}

export function StepDetails({ run, project, session, number, step, onClose }: Props) {
  const live = useLive();
  const [trouble, setTrouble] = useState<string | null>(null);
  const state = stateOf(step);
  const act = (command: RunCommand) => {
    setTrouble(null);
    void live.command(`run/${run}`, command).then((answer) => {
      if (!answer.ok) setTrouble(answer.message);
    });
  };
  const chat = step.child?.startsWith("chat/") ? step.child.slice("chat/".length) : null;
  return (
    <section
      aria-label={`Step ${number}: ${step.label}`}
      className="flex min-h-0 flex-col gap-3 overflow-y-auto border-line p-4 @3xl:w-96 @3xl:border-l @max-3xl:max-h-[60%] @max-3xl:border-t"
    >
      <div className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 font-semibold [overflow-wrap:anywhere]">{step.label}</h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={15} aria-hidden />
        </IconButton>
      </div>
      {trouble && <Trouble>{trouble}</Trouble>}
      {state === "asks" && <Question act={act} number={number} />}
      <Facts>
        <Fact name="Step">{number}</Fact>
        <Fact name="Kind">{step.kind}</Fact>
        {step.model && <Fact name="Model">{step.model}</Fact>}
        {step.outcome && <Fact name="Time">{duration(step.latency_ms)}</Fact>}
        {step.usage.output > 0 && <Fact name="Tokens">{count(step.usage.input + step.usage.output)}</Fact>}
      </Facts>
      <div className="flex flex-wrap gap-2">
        {chat && (
          <Link
            to={{ pane: "chat", project, session, chat }}
            className="inline-flex min-h-7 items-center gap-1.5 rounded-md border border-line px-2.5 hover:bg-hover"
          >
            <MessageSquare size={14} aria-hidden />
            Open its chat
          </Link>
        )}
        {(state === "running" || state === "waiting") && (
          <Button onClick={() => act({ type: "StopStep", step: number })}>
            <CircleStop size={14} aria-hidden />
            Stop this step
          </Button>
        )}
      </div>
      <h3 className="font-semibold">Asked</h3>
      <Text of={step.payload} pick={(given) => given.prompt ?? given.question} />
      {step.outcome && (
        <>
          <h3 className="font-semibold">Answer</h3>
          {step.outcome.kind === "succeeded" && <Text of={step.outcome.value} pick={(given) => given} />}
          {step.outcome.kind === "failed" && (
            <Trouble>{`${step.outcome.name}: ${step.outcome.message}`}</Trouble>
          )}
          {step.outcome.kind === "stopped" && (
            <p className="text-soft">It was stopped: the script found null.</p>
          )}
        </>
      )}
    </section>
  );
}

// biome-ignore lint/suspicious/noExplicitAny: what a script gave may be anything
function Text({ of, pick }: { of: RunStep["payload"]; pick(given: any): unknown }) {
  return (
    <BodyText body={of}>
      {(text) => (
        <pre className="shrink-0 overflow-x-auto whitespace-pre-wrap rounded-md bg-raised p-2.5 font-mono text-small [overflow-wrap:anywhere]">
          {shown(text, pick)}
        </pre>
      )}
    </BodyText>
  );
}

function shown(text: string, pick: (given: unknown) => unknown): string {
  try {
    const given = JSON.parse(text);
    const picked = pick(given) ?? given;
    return typeof picked === "string" ? picked : JSON.stringify(picked, null, 2);
  } catch {
    return text;
  }
}

function Question({ number, act }: { number: number; act(command: RunCommand): void }) {
  const [comment, setComment] = useState("");
  const answer = (approved: boolean) =>
    act({ type: "AnswerApproval", step: number, approved, ...(comment ? { comment } : {}) });
  return (
    <div className="flex flex-col gap-2 rounded-md border border-warn p-2.5">
      <label className="flex flex-col gap-1">
        <span>What to say to it, if anything</span>
        <input
          className="w-full rounded-md border border-line bg-ground px-2 py-1.5"
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
      </label>
      <div className="flex gap-2">
        <Button look="primary" onClick={() => answer(true)}>
          Approve
        </Button>
        <Button onClick={() => answer(false)}>Refuse</Button>
      </div>
    </div>
  );
}
