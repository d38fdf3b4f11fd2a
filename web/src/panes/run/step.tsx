// One step of a run: what was asked, what came of it, its chat; a question is answered here, a step stopped.
import { CircleStop, MessageSquare, RotateCcw, Send, X } from "lucide-react";
import { useState } from "react";
import { send } from "../../live/http.ts";
import { useLive } from "../../live/react.tsx";
import { reasonWords, stateOf } from "../../live/run.ts";
import { BodyText } from "../../parts/body-text.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { Fact, Facts } from "../../parts/facts.tsx";
import { count, duration, reason } from "../../parts/format.ts";
import { Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { RunCommand, RunStep } from "../../wire/index.ts";

interface Props {
  run: string;
  project: string;
  session: string;
  number: number;
  step: RunStep;
  /** The steps that it comes after, and those that come after it: their numbers and labels. */
  around: { before: Near[]; behind: Near[] };
  onChoose(step: number): void;
  /** Runs the workflow again from this step on; null while the run goes on. */
  onRetry: (() => void) | null;
  onClose(): void;
}

/** A step next to it. */
export interface Near {
  number: number;
  label: string;
}

export function StepDetails({
  run,
  project,
  session,
  number,
  step,
  around,
  onChoose,
  onRetry,
  onClose,
}: Props) {
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
  const nested = step.child?.startsWith("run/") ? step.child.slice("run/".length) : null;
  const why = reasonWords(step);
  const from = step.cached_from?.stream.startsWith("run/")
    ? step.cached_from.stream.slice("run/".length)
    : null;
  const link = "inline-flex min-h-7 items-center gap-1.5 rounded-md border border-line px-2.5 hover:bg-hover";
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
        {step.agent && <Fact name="Agent">{step.agent}</Fact>}
        {step.model && <Fact name="Model">{step.model}</Fact>}
        {step.brief?.tools && <Fact name="Tools">{step.brief.tools.join(", ") || "none"}</Fact>}
        {step.outcome && <Fact name="Time">{duration(step.latency_ms)}</Fact>}
        {step.usage.output > 0 && <Fact name="Tokens">{count(step.usage.input + step.usage.output)}</Fact>}
        {around.before.length > 0 && (
          <Fact name="Comes after">
            <Nears of={around.before} onChoose={onChoose} />
          </Fact>
        )}
        {around.behind.length > 0 && (
          <Fact name="Before">
            <Nears of={around.behind} onChoose={onChoose} />
          </Fact>
        )}
      </Facts>
      {why && (
        <p className="text-soft">
          {why}
          {from && (
            <>
              {" "}
              <Link to={{ pane: "run", project, session, run: from }} className="underline hover:text-ink">
                See that run
              </Link>
            </>
          )}
        </p>
      )}
      {step.worktree && (
        <p className="text-soft [overflow-wrap:anywhere]">
          It left {step.worktree.files} changed files in{" "}
          <code className="font-mono text-small">{step.worktree.path}</code> on branch{" "}
          <code className="font-mono text-small">{step.worktree.branch}</code>.
        </p>
      )}
      {step.tries?.map((tried, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: tries are only added
        <p key={index} className="text-small text-soft">
          Try {index + 1} failed: {tried.name}: {tried.message}
        </p>
      ))}
      <div className="flex flex-wrap gap-2">
        {chat && (
          <Link to={{ pane: "chat", project, session, chat }} className={link}>
            <MessageSquare size={14} aria-hidden />
            Open its chat
          </Link>
        )}
        {nested && (
          <Link to={{ pane: "run", project, session, run: nested }} className={link}>
            Open its run
          </Link>
        )}
        {onRetry && (
          <Button onClick={onRetry} title="Takes the answers before it, and does this one again">
            <RotateCcw size={14} aria-hidden />
            Retry from here
          </Button>
        )}
        {(state === "running" || state === "waiting") && (
          <Button onClick={() => act({ type: "StopStep", step: number })}>
            <CircleStop size={14} aria-hidden />
            Stop this step
          </Button>
        )}
      </div>
      {chat && state === "running" && <Say run={run} number={number} onTrouble={setTrouble} />}
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

/** So many are named, and the others counted. */
const NAMED = 6;

function Nears({ of, onChoose }: { of: Near[]; onChoose(step: number): void }) {
  return (
    <ul className="flex flex-col items-start">
      {of.slice(0, NAMED).map(({ number, label }) => (
        <li key={number} className="max-w-full">
          <button
            type="button"
            className="max-w-full truncate text-left underline hover:text-ink"
            onClick={() => onChoose(number)}
          >
            {label}
          </button>
        </li>
      ))}
      {of.length > NAMED && <li className="text-faint">and {of.length - NAMED} more</li>}
    </ul>
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

/** Says something to the agent while it works: its answer is what it says last. */
function Say({
  run,
  number,
  onTrouble,
}: {
  run: string;
  number: number;
  onTrouble(why: string | null): void;
}) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const say = async () => {
    setBusy(true);
    onTrouble(null);
    try {
      await send("POST", `/api/runs/${run}/steps/${number}/message`, { text });
      setText("");
    } catch (error) {
      onTrouble(reason(error));
    }
    setBusy(false);
  };
  return (
    <form
      className="flex gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") void say();
      }}
    >
      <input
        aria-label="Say something to this agent"
        placeholder="Say something to this agent"
        className="w-full min-w-0 rounded-md border border-line bg-ground px-2 py-1.5"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <IconButton label="Send" type="submit" disabled={busy || text.trim() === ""}>
        <Send size={14} aria-hidden />
      </IconButton>
    </form>
  );
}
