// Made from schemas/run.json by `npm run types`: change the server's types, not this file.

/**
 * Which try of one piece of work, from 1. A retry that the rules want is new work with a new key; this counts restarts only.
 */
export type Attempt = number;
/**
 * A text: as it is, or a reference to the blob that holds it.
 */
export type Body = string | BlobRef | Written;
/**
 * A model call: the turn, and its ordinal within the turn, both from 1.
 */
export type CallId = string;
/**
 * A text of a call.
 */
export type Part = "text" | "reasoning";
/**
 * An event's number within its stream, from 0.
 */
export type Revision = number;
/**
 * The name of a stream, `kind/id`: a kind of 1 to 16 lower-case letters, an id of 1 to 64 lower-case letters, digits and hyphens.
 *
 * Cheap to clone. Ids are UUIDs, except for the few streams that exist once, such as `system/host`.
 */
export type StreamId = string;
/**
 * A request to a run.
 */
export type Command =
  | (Requested & {
      type: "RequestRun";
    })
  | {
      type: "PauseRun";
    }
  | {
      type: "ResumeRun";
    }
  | {
      type: "CancelRun";
    }
  | {
      /**
       * The step.
       */
      step: number;
      type: "StopStep";
    }
  | {
      /**
       * Yes or no.
       */
      approved: boolean;
      /**
       * What is to be said to it, at most 10,000 characters.
       */
      comment?: string | null;
      /**
       * The step.
       */
      step: number;
      type: "AnswerApproval";
    };
/**
 * A fact in the stream of a run.
 */
export type Event =
  | {
      data: Requested;
      type: "RunRequested";
    }
  | {
      data: {
        /**
         * Its heading.
         */
        title: string;
      };
      type: "PhaseStarted";
    }
  | {
      data: {
        /**
         * What.
         */
        text: string;
      };
      type: "LogWritten";
    }
  | {
      data: StepRequest;
      type: "StepRequested";
    }
  | {
      data: {
        attempt: Attempt;
        /**
         * The stream in which it happens.
         */
        child?: StreamId | null;
        /**
         * The step.
         */
        step: number;
      };
      type: "StepStarted";
    }
  | {
      data: {
        /**
         * How long it took, in ms.
         */
        latency_ms: number;
        /**
         * What went wrong.
         */
        message: string;
        /**
         * The name of the error.
         */
        name: string;
        /**
         * The step.
         */
        step: number;
        usage: Usage;
        /**
         * How long nothing is done, in ms.
         */
        wait_ms: number;
      };
      type: "StepTryFailed";
    }
  | {
      data: {
        /**
         * The step.
         */
        step: number;
      };
      type: "StepRetried";
    }
  | {
      data: {
        /**
         * Where the answer was first given, if it was not given here.
         */
        cached_from?: CachedFrom | null;
        /**
         * The files of the project changed while it was done: it is an answer to no state of them, and is not given again.
         */
        changed?: boolean;
        /**
         * From its start to its end, in ms.
         */
        latency_ms: number;
        outcome: StepOutcome;
        /**
         * The step.
         */
        step: number;
        usage: Usage;
        /**
         * The worktree that it left, if it changed anything there.
         */
        worktree?: Worktree | null;
      };
      type: "StepSettled";
    }
  | {
      data: {
        /**
         * The step.
         */
        step: number;
      };
      type: "StepCancelled";
    }
  | {
      data: {
        /**
         * Yes or no.
         */
        approved: boolean;
        /**
         * What was said to it.
         */
        comment?: string | null;
        /**
         * The step.
         */
        step: number;
      };
      type: "ApprovalAnswered";
    }
  | {
      data: {
        /**
         * How many answers it has been brought in all.
         */
        settled: number;
      };
      type: "ScriptAdvanced";
    }
  | {
      data: {};
      type: "RunQueued";
    }
  | {
      data: {};
      type: "RunStarted";
    }
  | {
      data: {
        /**
         * The engine of this version asks for something else than what is recorded: a person chooses what becomes of it. Where
         * absent, a person paused it.
         */
        difference?: Difference | null;
      };
      type: "RunPaused";
    }
  | {
      data: {};
      type: "RunResumed";
    }
  | {
      data: {
        result: Body;
      };
      type: "RunFinished";
    }
  | {
      data: {
        error: RunError;
      };
      type: "RunFailed";
    }
  | {
      data: {
        /**
         * For how long since the last such event, in ms.
         */
        ms: number;
      };
      type: "RunWorked";
    }
  | {
      data: {};
      type: "RunCancelled";
    }
  | {
      data: {
        /**
         * What the replay asked for; nothing where it asks for less.
         */
        asked?: Body | null;
        /**
         * What is recorded, as KIND PAYLOAD; nothing where the replay asks for more.
         */
        recorded?: Body | null;
        /**
         * The step.
         */
        step: number;
      };
      type: "RunDiverged";
    };
/**
 * What a step is for.
 */
export type StepKind = "agent" | "tool" | "workflow" | "approve" | "sleep";
/**
 * Why a step was done, or was not.
 */
export type Reason =
  | "hit"
  | "new"
  | "prompt_changed"
  | "options_changed"
  | "project_changed"
  | "after_a_miss"
  | "earlier_failed"
  | "retried"
  | "forgotten"
  | "no_git"
  | "cache_off";
/**
 * How a step ended.
 */
export type StepOutcome =
  | {
      kind: "succeeded";
      value: Body;
    }
  | {
      kind: "failed";
      /**
       * What went wrong.
       */
      message: string;
      /**
       * Its name, as `Error`, `TimedOut`.
       */
      name: string;
    }
  | {
      kind: "stopped";
    };
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;
/**
 * How a run stands.
 */
export type Status =
  | {
      kind: "running";
    }
  | {
      kind: "queued";
    }
  | {
      kind: "paused";
    }
  | {
      kind: "finished";
      result: Body;
    }
  | {
      error: RunError;
      kind: "failed";
    }
  | {
      kind: "cancelled";
    }
  | {
      /**
       * What the replay asked for.
       */
      asked: Body | null;
      kind: "diverged";
      /**
       * What is recorded.
       */
      recorded: Body | null;
      /**
       * The step.
       */
      step: number;
    };

export interface RunSchema {
  [k: string]: unknown;
}
/**
 * What decides the answer of an agent, as fingerprints: the first 16 hexadecimal digits of a SHA-256 each, enough to tell
 * what changed since an earlier run.
 */
export interface Basis {
  /**
   * Of the files of the project: of git's tree and of what is not committed. Nothing without git.
   */
  files?: string | null;
  /**
   * Which it is of the run's steps with this phase and label, from 1: so its like is found in another run.
   */
  nth: number;
  /**
   * Of its model, its schema and all else that the script or its agent says of it.
   */
  options: string;
  /**
   * Of its prompt.
   */
  prompt: string;
}
/**
 * A reference to a blob.
 */
export interface BlobRef {
  /**
   * The SHA-256 of its bytes, in lower-case hexadecimal.
   */
  blob: string;
  /**
   * Its size in bytes.
   */
  bytes: number;
  /**
   * Its first 2 KiB, cut at a character.
   */
  head: string;
  /**
   * Its media type.
   */
  type: string;
}
/**
 * A reference to a text in the events of its own stream.
 */
export interface Written {
  attempt: Attempt;
  /**
   * Its size in bytes.
   */
  bytes: number;
  call: CallId;
  /**
   * Its first 2 KiB, cut at a character.
   */
  head: string;
  part: Part;
}
/**
 * What an agent is told and may do.
 */
export interface Brief {
  /**
   * How much its model is to reason: `low`, `medium` or `high`.
   */
  effort?: string | null;
  /**
   * The folder that it works in, where that is not the project's own: a worktree of it.
   */
  folder?: string | null;
  /**
   * What it is told besides what every agent is.
   */
  instructions?: Body | null;
  /**
   * How often its model may be called in a turn.
   */
  model_calls?: number | null;
  /**
   * How many output tokens it may take in a turn.
   */
  output_tokens?: number | null;
  /**
   * How many tools it may call in a turn.
   */
  tool_calls?: number | null;
  /**
   * The only tools that it may use; all that there are where nothing is said.
   */
  tools?: string[] | null;
}
/**
 * Where an answer was first given.
 */
export interface CachedFrom {
  revision: Revision;
  stream: StreamId;
}
/**
 * What a run is of.
 */
export interface Requested {
  /**
   * What was answered before is asked again.
   */
  anew?: boolean;
  /**
   * The arguments, as JSON; none where absent.
   */
  arguments?: Body | null;
  /**
   * How many output tokens it may take.
   */
  budget?: number | null;
  /**
   * What it does, in its own words.
   */
  description: string;
  /**
   * The SHA-256 of the engine, in lower-case hexadecimal.
   */
  engine: string;
  /**
   * The model of agents for which the script names none.
   */
  model: string;
  /**
   * The step of another run that it is.
   */
  parent?: Parent | null;
  /**
   * The parts of its progress that it announces.
   */
  phases?: string[];
  /**
   * The project that the session works on.
   */
  project: string;
  /**
   * The run whose answers it takes, as long as nothing before them is new.
   */
  resume?: Resume | null;
  /**
   * Its own id, which its steps' streams are named after.
   */
  run: string;
  script: Body;
  /**
   * What random numbers of the script grow from.
   */
  seed: number;
  /**
   * The session it belongs to.
   */
  session: string;
  /**
   * For how long it may work, in ms: what it waits for its turn, for people and for time does not count.
   */
  time_limit_ms?: number | null;
  /**
   * The workflow's name.
   */
  workflow: string;
}
/**
 * A step of a run.
 */
export interface Parent {
  /**
   * The run.
   */
  run: string;
  /**
   * The step.
   */
  step: number;
}
/**
 * The run that a run goes on from.
 */
export interface Resume {
  /**
   * The first of its steps that is done again; all that can be reused is, where absent.
   */
  from_step?: number | null;
  /**
   * Its id.
   */
  run: string;
}
/**
 * Where a replay under another engine asks for something else than what is recorded.
 */
export interface Difference {
  /**
   * What the replay asked for; nothing where it asks for less.
   */
  asked?: Body | null;
  /**
   * What is recorded, as KIND PAYLOAD; nothing where the replay asks for more.
   */
  recorded?: Body | null;
  /**
   * The step.
   */
  step: number;
}
/**
 * What a script asked for.
 */
export interface StepRequest {
  /**
   * The steps from whose answers it was made, as far as a pipeline or a graph says so.
   */
  after?: number[];
  /**
   * The agent that it asks for by name.
   */
  agent?: string | null;
  /**
   * What decides its answer; of agents only.
   */
  basis?: Basis | null;
  /**
   * What that agent, and the script, say of it: as it was when it was asked for.
   */
  brief?: Brief | null;
  /**
   * The SHA-256 of kind and payload, in lower-case hexadecimal: a replay must ask the same.
   */
  call: string;
  /**
   * Under what its answer is kept for others; nothing where it is not.
   */
  key?: string | null;
  kind: StepKind;
  /**
   * What it is called.
   */
  label: string;
  /**
   * Of a timer its time, of a question or an agent how long it may take at most, in ms; where nothing is said, nothing.
   */
  limit_ms?: number | null;
  /**
   * The model that was found for it.
   */
  model?: string | null;
  payload: Body;
  /**
   * The part of the progress that it belongs to.
   */
  phase?: string | null;
  /**
   * Why it is done, or is not; nothing where the question does not arise.
   */
  reason?: Reason | null;
  /**
   * It cannot be done, and why.
   */
  refused?: Refused | null;
  /**
   * How often it is tried again if it fails of something that another try may mend.
   */
  retries?: number;
  /**
   * The number of the call in the script, from 1.
   */
  step: number;
}
/**
 * Why a step cannot be done.
 */
export interface Refused {
  /**
   * What is wrong, and what to do.
   */
  message: string;
  /**
   * The name of the error.
   */
  name: string;
}
/**
 * Tokens of one or more model calls, in one form for all providers.
 */
export interface Usage {
  /**
   * Those of the prompt that came from the provider's cache.
   */
  cache_read: number;
  /**
   * Those of the prompt that the provider put into its cache.
   */
  cache_write: number;
  /**
   * The provider gave no numbers: these are estimates.
   */
  estimated?: boolean;
  /**
   * All tokens of the prompt, cached ones included.
   */
  input: number;
  /**
   * All tokens of the answer, reasoning included.
   */
  output: number;
  /**
   * Those of the answer that were reasoning.
   */
  reasoning: number;
}
/**
 * A git worktree that a step worked in and left changed.
 */
export interface Worktree {
  /**
   * Its branch.
   */
  branch: string;
  /**
   * How many files it changed.
   */
  files: number;
  /**
   * Its folder.
   */
  path: string;
}
/**
 * Why a run failed.
 */
export interface RunError {
  /**
   * What it says.
   */
  message: string;
  /**
   * The name of the error.
   */
  name: string;
  /**
   * Where in the script, as `FILE:LINE:COLUMN`.
   */
  place?: string | null;
  /**
   * The calls that led there, a line each.
   */
  stack?: string;
}
/**
 * A line of the log.
 */
export interface Line {
  at: Micros;
  /**
   * The part of the progress in which it was.
   */
  phase?: string | null;
  /**
   * What was said.
   */
  text: string;
}
/**
 * The state of a run.
 */
export interface State {
  /**
   * What it is of; `None` before it is requested.
   */
  about: Requested | null;
  /**
   * How many answers the script has been brought; `None` before it began.
   */
  advanced: number | null;
  /**
   * It was paused because the engine of this version asks for something else than what is recorded.
   */
  difference?: Difference | null;
  /**
   * When it ended.
   */
  ended_at?: Micros | null;
  /**
   * How many lines it said in all.
   */
  lines: number;
  /**
   * What the script said last.
   */
  log: Line[];
  /**
   * The one that began last.
   */
  phase?: string | null;
  /**
   * The parts of its progress, in the order in which they began.
   */
  phases: string[];
  requested_at: Micros;
  /**
   * The steps that have an answer, in the order in which they got it.
   */
  settled: number[];
  status: Status;
  /**
   * Its steps, by their numbers.
   * Shared between states: the effects of a run are handed one each, and a run may have thousands of steps.
   */
  steps: {
    [k: string]: Step;
  };
  /**
   * How often it was queued for a turn; never, where it needs none.
   */
  turns?: number;
  usage: Usage;
  /**
   * For how long it has worked, in ms, where that is limited.
   */
  worked_ms?: number;
}
/**
 * A step.
 *
 * This interface was referenced by `undefined`'s JSON-Schema definition
 * via the `patternProperty` "^\d+$".
 */
export interface Step {
  /**
   * The steps from whose answers it was made, as far as a pipeline or a graph says so.
   */
  after?: number[];
  /**
   * The agent that it asks for by name.
   */
  agent?: string | null;
  /**
   * The attempt that was begun last.
   */
  attempt?: Attempt | null;
  /**
   * What decides its answer.
   */
  basis?: Basis | null;
  /**
   * What that agent, and the script, say of it.
   */
  brief?: Brief | null;
  /**
   * Where its answer was first given, if it was not given here.
   */
  cached_from?: CachedFrom | null;
  /**
   * The SHA-256 of kind and payload.
   */
  call: string;
  /**
   * The script does not wait for it any more.
   */
  cancelled?: boolean;
  /**
   * The stream in which it happens.
   */
  child?: StreamId | null;
  /**
   * Under what its answer is kept for others.
   */
  key?: string | null;
  kind: StepKind;
  /**
   * What it is called.
   */
  label: string;
  /**
   * From its start to its end, in ms.
   */
  latency_ms: number;
  /**
   * Of a timer its time, of a question or an agent how long it may take at most, in ms.
   */
  limit_ms?: number | null;
  /**
   * The model that was found for it.
   */
  model?: string | null;
  /**
   * How it ended.
   */
  outcome?: StepOutcome | null;
  payload: Body;
  /**
   * The part of the progress that it belongs to.
   */
  phase?: string | null;
  /**
   * Why it is done, or is not.
   */
  reason?: Reason | null;
  /**
   * It cannot be done, and why.
   */
  refused?: Refused | null;
  requested_at: Micros;
  /**
   * How often it may still be tried again.
   */
  retries: number;
  /**
   * Until when it waits for its next try.
   */
  retry_at?: Micros | null;
  /**
   * When it was begun first.
   */
  started_at?: Micros | null;
  /**
   * The tries that failed, the last one last.
   */
  tries?: Tried[];
  usage: Usage;
  /**
   * The worktree that it left, if it changed anything there.
   */
  worktree?: Worktree | null;
}
/**
 * A try of a step that failed.
 */
export interface Tried {
  /**
   * The stream in which it happened.
   */
  child?: StreamId | null;
  /**
   * What went wrong.
   */
  message: string;
  /**
   * The name of the error.
   */
  name: string;
}
