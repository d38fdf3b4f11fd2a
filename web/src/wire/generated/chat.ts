// Made from schemas/chat.json by `npm run types`: change the server's types, not this file.

/**
 * A text: as it is, or a reference to the blob that holds it.
 */
export type Body = string | BlobRef | Written;
/**
 * Which try of one piece of work, from 1. A retry that the rules want is new work with a new key; this counts restarts only.
 */
export type Attempt = number;
/**
 * A model call: the turn, and its ordinal within the turn, both from 1.
 */
export type CallId = string;
/**
 * A text of a call.
 */
export type Part = "text" | "reasoning";
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;
/**
 * What a chat came from.
 */
export type Origin =
  | {
      kind: "user";
    }
  | {
      kind: "fork";
      revision: Revision;
      stream: StreamId;
    }
  | {
      kind: "run";
      /**
       * The run.
       */
      run: string;
      /**
       * The step of it.
       */
      step: number;
    };
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
 * How a call stands.
 */
export type CallState =
  | {
      kind: "open";
    }
  | {
      kind: "finished";
      stop: Stop;
    }
  | {
      error: CallError;
      kind: "failed";
      /**
       * When it is tried again.
       */
      retry_at?: Micros | null;
    }
  | {
      kind: "cancelled";
    };
/**
 * Why a model stopped.
 */
export type Stop = "end" | "tool_calls" | "length" | "content_filter";
/**
 * Whether and how soon a failed call is worth another try.
 */
export type Retry = "never" | "soon" | "later";
/**
 * Whether a second performance of a tool call would do harm.
 */
export type ToolClass = "repeat" | "once" | "keyed";
/**
 * How a tool call stands.
 */
export type ToolState =
  | {
      kind: "requested";
    }
  | {
      at: Micros;
      attempt: Attempt;
      kind: "started";
    }
  | {
      kind: "finished";
      /**
       * From start to end, in ms.
       */
      latency_ms: number;
      outcome: ToolOutcome;
      output: Body;
      /**
       * The output leaves something out.
       */
      truncated: boolean;
    };
/**
 * How a tool call ended.
 */
export type ToolOutcome = "succeeded" | "failed" | "unknown" | "cancelled";
/**
 * A tool call: the model call that asked for it, and its index there, from 0.
 */
export type ToolCallId = string;
/**
 * A request to a chat.
 */
export type Command =
  | {
      /**
       * The agent; `default` where absent.
       */
      agent?: string;
      /**
       * The model that answers.
       */
      model: string;
      /**
       * The project that the session works on.
       */
      project: string;
      /**
       * The session.
       */
      session: string;
      /**
       * What it is called.
       */
      title?: string;
      /**
       * How many tokens one turn may take; 5,000,000 where absent.
       */
      token_budget?: number;
      type: "OpenChat";
    }
  | {
      /**
       * The files that go with it, at most 20, each stored by `POST /api/attachments` before.
       */
      attachments?: Attachment[];
      /**
       * The id of the message; a fresh one where absent.
       */
      message?: string | null;
      text: Body;
      type: "PostMessage";
    }
  | {
      /**
       * The message.
       */
      message: string;
      type: "UnqueueMessage";
    }
  | {
      type: "CancelTurn";
    }
  | {
      /**
       * The title.
       */
      title: string;
      type: "RenameChat";
    }
  | {
      /**
       * The model.
       */
      model: string;
      type: "ConfigureChat";
    }
  | {
      type: "CompactChat";
    }
  | {
      type: "ArchiveChat";
    }
  | {
      type: "UnarchiveChat";
    };
/**
 * Why a summary is made.
 */
export type Reason = "requested" | "nearly_full" | "too_long";
/**
 * A fact in the stream of a chat.
 */
export type Event =
  | {
      data: {
        /**
         * The agent whose instructions and tools it uses.
         */
        agent: string;
        /**
         * The JSON Schema of the answer that is wanted, where a text will not do: it is handed in through a tool.
         */
        answer?: Body | null;
        /**
         * What its agent is told and may do beyond what every agent is and does.
         */
        brief?: Brief | null;
        /**
         * The model that answers, as `openai/NAME` or `offline`.
         */
        model: string;
        origin: Origin;
        /**
         * The project that the session works on.
         */
        project: string;
        /**
         * The session it belongs to.
         */
        session: string;
        /**
         * What it is called; empty until it is named.
         */
        title: string;
        /**
         * How many tokens one turn may take.
         */
        token_budget: number;
      };
      type: "ChatOpened";
    }
  | {
      data: {
        /**
         * The model call that it came from; a person or a program gave it where absent.
         */
        by_model?: TitleCall | null;
        /**
         * The title.
         */
        title: string;
      };
      type: "ChatRenamed";
    }
  | {
      data: {
        attempt: Attempt;
        /**
         * The model.
         */
        model: string;
        /**
         * Which try, from 1.
         */
        number: number;
      };
      type: "TitleStarted";
    }
  | {
      data: {
        attempt: Attempt;
        error: CallError;
        /**
         * Which try.
         */
        number: number;
        usage: Usage;
      };
      type: "TitleFailed";
    }
  | {
      data: {
        /**
         * The model.
         */
        model: string;
      };
      type: "ChatConfigured";
    }
  | {
      data: {};
      type: "ChatArchived";
    }
  | {
      data: {};
      type: "ChatUnarchived";
    }
  | {
      data: {};
      type: "CompactionRequested";
    }
  | {
      data: {
        attempt: Attempt;
        /**
         * The model.
         */
        model: string;
        /**
         * Which summary of the chat, from 1.
         */
        number: number;
        /**
         * The index of the first message that is not summed up.
         */
        upto: number;
      };
      type: "CompactionStarted";
    }
  | {
      data: {
        attempt: Attempt;
        /**
         * From the request to the last byte, in ms.
         */
        latency_ms: number;
        /**
         * Which summary.
         */
        number: number;
        summary: Body;
        /**
         * The index of the first message that is sent as it is.
         */
        upto: number;
        usage: Usage;
      };
      type: "Compacted";
    }
  | {
      data: {
        attempt: Attempt;
        error: CallError;
        /**
         * Which summary.
         */
        number: number;
        usage: Usage;
      };
      type: "CompactionFailed";
    }
  | {
      data: {
        /**
         * The files that go with it.
         */
        attachments?: Attachment[];
        /**
         * The message.
         */
        message: string;
        text: Body;
      };
      type: "MessageQueued";
    }
  | {
      data: {
        /**
         * The message.
         */
        message: string;
      };
      type: "MessageUnqueued";
    }
  | {
      data: {
        /**
         * The files that go with it.
         */
        attachments?: Attachment[];
        /**
         * The message.
         */
        message: string;
        text: Body;
      };
      type: "MessagePosted";
    }
  | {
      data: {
        /**
         * The message.
         */
        message: string;
        /**
         * The number of the turn, from 1.
         */
        turn: number;
      };
      type: "TurnStarted";
    }
  | {
      data: {
        attempt: Attempt;
        call: CallId;
        /**
         * The model.
         */
        model: string;
      };
      type: "ModelCallStarted";
    }
  | {
      data: {
        attempt: Attempt;
        call: CallId;
        /**
         * Where the piece begins in the reasoning of this attempt, in bytes of UTF-8.
         */
        offset: number;
        /**
         * The piece.
         */
        text: string;
      };
      type: "ReasoningAppended";
    }
  | {
      data: {
        attempt: Attempt;
        call: CallId;
        /**
         * Where the piece begins in the text of this attempt, in bytes of UTF-8.
         */
        offset: number;
        /**
         * The piece.
         */
        text: string;
      };
      type: "TextAppended";
    }
  | {
      data: {
        arguments: Body;
        call: CallId;
        class: ToolClass;
        /**
         * The tool.
         */
        name: string;
        /**
         * The provider's id of it.
         */
        provider_id: string;
        tool_call: ToolCallId;
      };
      type: "ToolCalled";
    }
  | {
      data: {
        attempt: Attempt;
        call: CallId;
        /**
         * From the request to the last byte, in ms.
         */
        latency_ms: number;
        /**
         * What the provider gave with the answer and wants back with later ones.
         */
        provider_data?: ProviderData | null;
        /**
         * The numbers as the provider gave them.
         */
        raw_usage?: {
          [k: string]: unknown;
        };
        /**
         * The whole reasoning, where it is too long for the state.
         */
        reasoning?: Body | null;
        stop: Stop;
        /**
         * The whole text, where it is too long for the state, or is not what was streamed: tool calls in it were taken out.
         */
        text?: Body | null;
        usage: Usage;
        /**
         * How many tokens the model takes, prompt and answer together, where that is known.
         */
        window?: number | null;
      };
      type: "ModelCallFinished";
    }
  | {
      data: {
        attempt: Attempt;
        call: CallId;
        error: CallError;
        /**
         * When it is tried again as a new call; never, where absent.
         */
        retry_at?: Micros | null;
      };
      type: "ModelCallFailed";
    }
  | {
      data: {
        call: CallId;
      };
      type: "WaitElapsed";
    }
  | {
      data: {
        attempt: Attempt;
        tool_call: ToolCallId;
      };
      type: "ToolStarted";
    }
  | {
      data: {
        /**
         * From start to end, in ms.
         */
        latency_ms: number;
        outcome: ToolOutcome;
        output: Body;
        tool_call: ToolCallId;
        /**
         * The output leaves something out, and says so.
         */
        truncated: boolean;
      };
      type: "ToolFinished";
    }
  | {
      data: {
        limit: Limit;
        /**
         * The turn.
         */
        turn: number;
      };
      type: "LimitReached";
    }
  | {
      data: {
        /**
         * The version of the rules that computed the digest.
         */
        decider_version: number;
        /**
         * The digest of the state before this event.
         */
        digest: string;
        outcome: TurnOutcome;
        /**
         * The turn.
         */
        turn: number;
        usage: Usage;
      };
      type: "TurnFinished";
    }
  | {
      data: {
        /**
         * The version of the rules that computed the digest.
         */
        decider_version: number;
        /**
         * The digest of the state before this event.
         */
        digest: string;
        /**
         * The turn.
         */
        turn: number;
        usage: Usage;
      };
      type: "TurnCancelled";
    }
  | {
      data: {
        at: Revision;
        from: StreamId;
        /**
         * The model that answers from here on; the same as before, where absent.
         */
        model?: string | null;
        /**
         * An open turn goes on; else it ends here.
         */
        run: boolean;
        /**
         * What the fork is called.
         */
        title: string;
        /**
         * The turn that goes on.
         */
        turn?: number | null;
      };
      type: "Forked";
    };
/**
 * What bounds a turn.
 */
export type Limit =
  | {
      /**
       * How many.
       */
      calls: number;
      kind: "steps";
    }
  | {
      kind: "doom_loop";
      /**
       * How often in a row.
       */
      times: number;
      /**
       * The tool.
       */
      tool: string;
    }
  | {
      kind: "tool_mistakes";
      /**
       * How many.
       */
      times: number;
    }
  | {
      /**
       * How many.
       */
      calls: number;
      kind: "tool_calls";
    }
  | {
      /**
       * The budget.
       */
      budget: number;
      kind: "output_tokens";
    }
  | {
      /**
       * The budget.
       */
      budget: number;
      kind: "tokens";
    };
/**
 * How a turn ended.
 */
export type TurnOutcome =
  | {
      kind: "answered";
    }
  | {
      kind: "limited";
      limit: Limit;
    }
  | {
      error: CallError;
      kind: "failed";
    };
/**
 * One piece of the conversation.
 */
export type Message =
  | (Posted & {
      kind: "user";
    })
  | (Call & {
      kind: "call";
    })
  | (TurnEnd & {
      kind: "end";
    });

export interface ChatSchema {
  [k: string]: unknown;
}
/**
 * What a chat is.
 */
export interface About {
  /**
   * The agent whose instructions and tools it uses.
   */
  agent: string;
  /**
   * The JSON Schema of the answer that is wanted, where a text will not do.
   */
  answer?: Body | null;
  /**
   * It was put away.
   */
  archived?: boolean;
  /**
   * What its agent is told and may do beyond what every agent is and does.
   */
  brief?: Brief | null;
  /**
   * The model that answers.
   */
  model: string;
  opened_at: Micros;
  origin: Origin;
  /**
   * The project that the session works on.
   */
  project: string;
  /**
   * The session it belongs to.
   */
  session: string;
  /**
   * What it is called; empty until it is named.
   */
  title: string;
  /**
   * How many tokens one turn may take.
   */
  token_budget: number;
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
 * A file that goes with a message. Its bytes are a blob, stored before any event names it.
 */
export interface Attachment {
  /**
   * The SHA-256 of its bytes, in lower-case hexadecimal.
   */
  blob: string;
  /**
   * Its size in bytes.
   */
  bytes: number;
  /**
   * What the file is called, 1 to 200 characters.
   */
  name: string;
  /**
   * Its media type: `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `text/plain; charset=utf-8`.
   */
  type: string;
}
/**
 * A call of the model.
 */
export interface Call {
  /**
   * The attempt that was begun last.
   */
  attempt: Attempt | null;
  call: CallId;
  /**
   * It sums up at a limit and is given no tools.
   */
  closing?: boolean;
  /**
   * What attempts that were cut off had written. Shown, never sent to the model.
   */
  interrupted?: Interrupted[];
  /**
   * From the request to the last byte, in ms.
   */
  latency_ms: number;
  /**
   * The model that was asked; the one that will be, before it is.
   */
  model: string;
  /**
   * What the provider gave with its answer and wants back. It is no part of a view.
   */
  provider_data?: ProviderData | null;
  reasoning: Body;
  since: Micros;
  state: CallState;
  text: Body;
  /**
   * The tools it asked for.
   */
  tool_calls?: ToolCall[];
  usage: Usage;
}
/**
 * What an attempt that was cut off had written.
 */
export interface Interrupted {
  attempt: Attempt;
  reasoning: Body;
  text: Body;
}
/**
 * What a provider gave with an answer, which it alone understands: the signatures of its reasoning.
 */
export interface ProviderData {
  data: Body;
  /**
   * The provider, as it stands before the slash. Nobody else is sent it.
   */
  provider: string;
}
/**
 * Why a model call failed.
 */
export interface CallError {
  /**
   * A stable code: `bad_key`, `rate_limited`, `broken_stream` …
   */
  code: string;
  /**
   * What happened and what to do, for a person.
   */
  message: string;
  retry: Retry;
  /**
   * How long the provider asks to wait, in ms.
   */
  retry_after_ms?: number | null;
}
/**
 * A tool that a model asked for.
 */
export interface ToolCall {
  arguments: Body;
  class: ToolClass;
  /**
   * The tool.
   */
  name: string;
  /**
   * The provider's id of it.
   */
  provider_id: string;
  since: Micros;
  state: ToolState;
  tool_call: ToolCallId;
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
 * A summary that is to be made.
 */
export interface Compaction {
  /**
   * The attempt that was begun last.
   */
  begun?: Attempt | null;
  reason: Reason;
  since: Micros;
  /**
   * The index of the first message that is not summed up, once it was begun.
   */
  upto?: number | null;
}
/**
 * How much of a conversation a model is sent.
 */
export interface Context {
  /**
   * How many bytes of text have come since, which the next call is sent too.
   */
  added: number;
  /**
   * The summary that is to be made now.
   */
  compaction?: Compaction | null;
  /**
   * How many summaries were made, failed or called off.
   */
  compactions: number;
  /**
   * How many failed in a row.
   */
  failures: number;
  /**
   * Somebody asked for a summary while a turn was open: it is made before the next call.
   */
  requested?: boolean;
  /**
   * What is sent in the place of earlier messages.
   */
  summary?: Summary | null;
  /**
   * The tokens of the last call that ended well, prompt and answer; 0 until there is one since the last summary.
   */
  used: number;
  /**
   * How many tokens the model of that call takes; absent where nobody knows.
   */
  window?: number | null;
}
/**
 * What is sent in the place of the messages before an index.
 */
export interface Summary {
  /**
   * The message that was being worked on, which is sent whole behind the summary that holds it.
   */
  asked?: string | null;
  text: Body;
  /**
   * The index, in the whole conversation, of the first message that is sent as it is.
   */
  upto: number;
}
/**
 * A model call that gave a title.
 */
export interface TitleCall {
  /**
   * From the request to the last byte, in ms.
   */
  latency_ms: number;
  /**
   * Which try, from 1.
   */
  number: number;
  usage: Usage;
}
/**
 * What a person or a program said.
 */
export interface Posted {
  at: Micros;
  /**
   * The files that go with it.
   */
  attachments?: Attachment[];
  /**
   * The id of the message.
   */
  message: string;
  text: Body;
}
/**
 * The end of a turn.
 */
export interface TurnEnd {
  ended_at: Micros;
  /**
   * How it ended; `None` if it was stopped.
   */
  outcome: TurnOutcome | null;
  started_at: Micros;
  /**
   * The turn.
   */
  turn: number;
  usage: Usage;
}
/**
 * A message that waits.
 */
export interface Queued {
  at: Micros;
  /**
   * The files that go with it.
   */
  attachments?: Attachment[];
  /**
   * The id of the message.
   */
  message: string;
  text: Body;
}
/**
 * A tool call that was made several times in a row.
 */
export interface Repeated {
  arguments: Body;
  /**
   * The tool.
   */
  name: string;
  /**
   * How often.
   */
  times: number;
}
/**
 * The state of a chat.
 */
export interface State {
  /**
   * What was said when it was opened, and changed since; `None` before it is open.
   */
  about: About | null;
  context?: Context;
  /**
   * The conversation, oldest first.
   */
  messages: Message[];
  /**
   * The messages that wait, oldest first.
   */
  queue: Queued[];
  titling?: Titling;
  /**
   * The open turn.
   */
  turn: Turn | null;
  /**
   * How many turns there were, the open one included.
   */
  turns: number;
  usage: Usage;
}
/**
 * How the naming of a chat stands.
 */
export interface Titling {
  /**
   * The attempt that was begun last.
   */
  begun?: Attempt | null;
  /**
   * A model is to be asked.
   */
  due: boolean;
  /**
   * How often it failed.
   */
  failed: number;
  since: Micros;
}
/**
 * The open turn.
 */
export interface Turn {
  /**
   * Model calls that failed one after another.
   */
  failures: number;
  /**
   * The limit that it met.
   */
  limit?: Limit | null;
  /**
   * The message it works on.
   */
  message: string;
  /**
   * Tool calls that failed one after another.
   */
  mistakes: number;
  /**
   * The last tool call, by name and arguments, and how often in a row it was made.
   */
  repeated?: Repeated | null;
  /**
   * The conversation was too long for the model in this turn, and was summed up for another try.
   */
  shortened?: boolean;
  started_at: Micros;
  /**
   * How many tools it called, where that has a limit.
   */
  tools?: number;
  /**
   * Its number.
   */
  turn: number;
  usage: Usage;
}
/**
 * What a page needs of a chat.
 */
export interface View {
  /**
   * What the chat is; `null` before it is open.
   */
  about: About | null;
  context: Context;
  /**
   * The index, in the whole conversation, of the first message here; there are older ones if it is above 0.
   */
  first: number;
  /**
   * The last messages, oldest first; what follows from events is appended.
   */
  messages: Message[];
  /**
   * The messages that wait.
   */
  queue: Queued[];
  /**
   * The open turn.
   */
  turn: Turn | null;
  /**
   * How many turns there were, the open one included.
   */
  turns: number;
  usage: Usage;
}
