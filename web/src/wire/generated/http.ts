// Made from schemas/http.json by `npm run types`: change the server's types, not this file.

/**
 * Where an agent comes from.
 */
export type AgentSource = "project" | "user" | "built_in";
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
 * What sort of actor did something.
 */
export type ByKind = "person" | "agent" | "key" | "system";
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;
/**
 * An event's number within the whole log, from 0. As a head: the number of events before it.
 */
export type Position = number;
/**
 * An event's number within its stream, from 0.
 */
export type Revision = number;
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
 * The name of a stream, `kind/id`: a kind of 1 to 16 lower-case letters, an id of 1 to 64 lower-case letters, digits and hyphens.
 *
 * Cheap to clone. Ids are UUIDs, except for the few streams that exist once, such as `system/host`.
 */
export type StreamId = string;
/**
 * How a chat stands.
 */
export type ChatState = "idle" | "running" | "waiting" | "failed" | "cancelled";
/**
 * The id of a command from outside, chosen by who sent it: 1 to 64 visible ASCII characters.
 * Sent again, it is answered the same and done once.
 */
export type CommandId = string;
/**
 * One step of a patch. `path` is a JSON Pointer (RFC 6901).
 */
export type Operation =
  | {
      op: "add";
      /**
       * Where.
       */
      path: string;
      /**
       * What.
       */
      value: {
        [k: string]: unknown;
      };
    }
  | {
      op: "remove";
      /**
       * What.
       */
      path: string;
    }
  | {
      op: "replace";
      /**
       * Where.
       */
      path: string;
      /**
       * The other value.
       */
      value: {
        [k: string]: unknown;
      };
    };
/**
 * What stands at a path.
 */
export type FileKind = "file" | "folder";
/**
 * Which text of a message.
 */
export type FindKind = "said" | "answer" | "arguments" | "output";
/**
 * Answers that are forgotten.
 */
export type Forget =
  | {
      /**
       * Its key.
       */
      key: string;
      kind: "key";
    }
  | {
      kind: "run";
      /**
       * The run.
       */
      run: string;
    }
  | {
      at: Micros;
      kind: "before";
    }
  | {
      kind: "all";
    };
/**
 * What a key may do.
 */
export type Role = "viewer" | "operator" | "admin";
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
 * Where a workflow comes from.
 */
export type Source = "project" | "user" | "built_in";
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
 * How a run stands.
 */
export type RunStatus = "queued" | "running" | "paused" | "finished" | "failed" | "cancelled";

export interface HttpSchema {
  [k: string]: unknown;
}
/**
 * An agent in a list.
 */
export interface Agent {
  /**
   * What it is for.
   */
  description: string;
  /**
   * What is wrong with its file, if it cannot be used, with the line.
   */
  error?: string | null;
  /**
   * Another one of the same name stands before it, and is meant by it.
   */
  hidden?: boolean;
  /**
   * What it is told.
   */
  instructions: string;
  /**
   * Its model, as it names it.
   */
  model?: string | null;
  /**
   * By this name it is asked for.
   */
  name: string;
  /**
   * Its file, where it is one.
   */
  path?: string | null;
  source: AgentSource;
  /**
   * The tools that it may use, as it names them; all of them where nothing is said.
   */
  tools?: string[] | null;
}
/**
 * The agents that there are.
 */
export interface AgentItems {
  /**
   * In the order in which a name is looked for.
   */
  items: Agent[];
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
 * Who did something.
 */
export interface By {
  /**
   * On whose behalf, where that is somebody else.
   */
  for?: string | null;
  /**
   * Its name: `owner`, a key's name, an agent's name, `host`.
   */
  id: string;
  kind: ByKind;
}
/**
 * An answer that can be given again.
 */
export interface CachedStep {
  at: Micros;
  /**
   * How often it was given again.
   */
  hits: number;
  /**
   * The SHA-256 of all that decided it, in lower-case hexadecimal.
   */
  key: string;
  /**
   * What it was called.
   */
  label: string;
  /**
   * The model that gave it.
   */
  model?: string | null;
  position: Position;
  revision: Revision;
  /**
   * The run that gave it.
   */
  run: string;
  /**
   * The step.
   */
  step: number;
  usage: Usage;
  used_at: Micros;
  /**
   * The workflow.
   */
  workflow: string;
}
/**
 * Tokens of one or more model calls, in one form for all providers.
 */
export interface Usage {
  /**
   * Those of the prompt that came from the provider's cache.
   */
  cache_read?: number;
  /**
   * Those of the prompt that the provider put into its cache.
   */
  cache_write?: number;
  /**
   * The provider gave no numbers: these are estimates.
   */
  estimated?: boolean;
  /**
   * All tokens of the prompt, cached ones included.
   */
  input?: number;
  /**
   * All tokens of the answer, reasoning included.
   */
  output?: number;
  /**
   * Those of the answer that were reasoning.
   */
  reasoning?: number;
}
/**
 * The answers that can be given again.
 */
export interface CachedSteps {
  /**
   * The newest first.
   */
  items: CachedStep[];
}
/**
 * A call of the model.
 */
export interface Call {
  /**
   * The attempt that was begun last.
   */
  attempt?: Attempt | null;
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
 * What is to change about a chat; what is absent stays.
 */
export interface ChatChange {
  /**
   * Another model, from the next model call on.
   */
  model?: string | null;
  /**
   * Another title.
   */
  title?: string | null;
}
/**
 * A chat in a list.
 */
export interface ChatRow {
  /**
   * It was put away.
   */
  archived: boolean;
  /**
   * Its id.
   */
  id: string;
  /**
   * The first 120 characters of the newest message of a person or a program; the names of its files where it has no text.
   */
  last: string;
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
  state: ChatState;
  stream: StreamId;
  /**
   * What it is called; empty until it is named.
   */
  title: string;
  /**
   * How many turns there were, the open one included.
   */
  turns: number;
  updated_at: Micros;
  usage: Usage;
}
/**
 * A page of a list.
 */
export interface ChatRows {
  /**
   * The items, the newest first.
   */
  items: ChatRow[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
  /**
   * Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
   * the disk. `/health` says which.
   */
  rebuilding?: boolean;
}
/**
 * How many events of which sort a stream has.
 */
export interface Counts {
  /**
   * How many by whom, as `person:owner`.
   */
  by: {
    [k: string]: number;
  };
  /**
   * How many events.
   */
  events: number;
  /**
   * When the first happened.
   */
  first_at?: Micros | null;
  /**
   * When the last happened.
   */
  last_at?: Micros | null;
  stream: StreamId;
  /**
   * How many of each type.
   */
  types: {
    [k: string]: number;
  };
}
/**
 * The model that new chats ask.
 */
export interface DefaultModel {
  /**
   * It was chosen, and stands above the settings.
   */
  chosen: boolean;
  /**
   * Its name.
   */
  model: string;
}
/**
 * What changed in a state between two revisions.
 */
export interface Diff {
  /**
   * The revision that the patch is applied to; `null`: the empty state before the first event.
   */
  from?: Revision | null;
  /**
   * A JSON Patch (RFC 6902).
   */
  patch: Operation[];
  stream: StreamId;
  to: Revision;
}
/**
 * The folders of one folder.
 */
export interface Directories {
  /**
   * Its folders by name, at most 1,000.
   */
  entries: DirectoryEntry[];
  /**
   * The home folder of whoever runs the server.
   */
  home?: string | null;
  /**
   * The folder above it; `null` for the root.
   */
  parent?: string | null;
  /**
   * The folder's canonical path.
   */
  path: string;
  /**
   * Whether the folder itself looks like a project.
   */
  project_like: boolean;
  /**
   * There are more than are listed.
   */
  truncated: boolean;
}
/**
 * A folder in a folder.
 */
export interface DirectoryEntry {
  /**
   * Its name begins with a full stop.
   */
  hidden: boolean;
  /**
   * Its name.
   */
  name: string;
  /**
   * Its path.
   */
  path: string;
  /**
   * Something in it says that it is a project.
   */
  project_like: boolean;
}
/**
 * An event of a stream.
 */
export interface EventOut {
  at: Micros;
  by: By;
  /**
   * The event that led to it.
   */
  cause?: string | null;
  /**
   * The command from outside that it answers.
   */
  cmd?: CommandId | null;
  /**
   * The event that it is a copy of.
   */
  copy_of?: string | null;
  /**
   * The first event of the chain of causes that it belongs to.
   */
  corr?: string | null;
  /**
   * What it says; `null` where it was redacted.
   */
  data: {
    [k: string]: unknown;
  };
  /**
   * Its own id.
   */
  id: string;
  position: Position;
  revision: Revision;
  /**
   * Its type, as `MessagePosted`.
   */
  type: string;
  /**
   * The version of its type.
   */
  version: number;
}
/**
 * A page of events.
 */
export interface Events {
  /**
   * The events, in order.
   */
  items: EventOut[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
}
/**
 * A file or a folder of a project.
 */
export interface FileItem {
  kind: FileKind;
  /**
   * Relative to the project's folder.
   */
  path: string;
}
/**
 * Files and folders of a project.
 */
export interface Files {
  /**
   * The likeliest first. What ignore files hide and places where keys are kept are left out.
   */
  items: FileItem[];
  /**
   * There are more.
   */
  truncated: boolean;
}
/**
 * A text of a chat that holds the words.
 */
export interface Find {
  /**
   * The index of its message in the whole conversation, as in `/messages?before=`.
   */
  index: number;
  kind: FindKind;
  /**
   * Where they stand in it: from and to, counted in UTF-16 code units as JavaScript does.
   */
  marks: Mark[];
  /**
   * A piece of the text around the first place where the words stand, on one line.
   */
  snippet: string;
  /**
   * The tool call, for what a tool was asked and gave.
   */
  tool_call?: ToolCallId | null;
}
/**
 * A place in a snippet.
 */
export interface Mark {
  /**
   * Where it begins.
   */
  from: number;
  /**
   * Where it ends.
   */
  to: number;
}
/**
 * What was found in a chat.
 */
export interface Finds {
  /**
   * The finds, the newest first; one for each text.
   */
  items: Find[];
  /**
   * There may be more: the limit was reached, or the chat is too long to be searched whole.
   */
  truncated: boolean;
}
/**
 * A fork.
 */
export interface Forked {
  /**
   * The position of that event.
   */
  position?: Position | null;
  /**
   * The revision of the event that made it a chat of its own: one more than the last that was copied.
   */
  revision?: Revision | null;
  stream: StreamId;
}
/**
 * How the server is. Who shows no key is told `up`, and nothing else.
 */
export interface Health {
  /**
   * Which log it holds, as `UUID.EPOCH`.
   */
  log?: string;
  /**
   * `ok`, or `degraded` where something is wrong; `up` to who shows no key.
   */
  status: string;
  /**
   * What is wrong, in words for a person.
   */
  troubles?: string[];
  /**
   * The server's version.
   */
  version?: string;
}
/**
 * A key, without anything secret.
 */
export interface KeyInfo {
  created_at: Micros;
  /**
   * Its name.
   */
  name: string;
  /**
   * When it was revoked.
   */
  revoked_at?: Micros | null;
  role: Role;
}
/**
 * All keys that ever were.
 */
export interface KeysOut {
  /**
   * The keys, by name.
   */
  items: KeyInfo[];
  /**
   * There are no pages of keys.
   */
  next_cursor?: string | null;
}
/**
 * Where a command landed.
 */
export interface Landed {
  /**
   * The position of that event.
   */
  position?: Position | null;
  /**
   * The revision of its last event, or of the stream's last event if nothing had to change.
   */
  revision?: Revision | null;
}
/**
 * A workflow in a list.
 */
export interface Listed {
  /**
   * The JSON Schema of its arguments.
   */
  args?: {
    [k: string]: unknown;
  };
  /**
   * What it does.
   */
  description: string;
  /**
   * What is wrong with it, if it cannot run.
   */
  error?: Wrong | null;
  /**
   * Another one of the same name stands before it, and is meant by it.
   */
  hidden?: boolean;
  /**
   * By this name it is asked for.
   */
  name: string;
  /**
   * Its file, where it is one.
   */
  path?: string | null;
  /**
   * The parts of its progress that it announces.
   */
  phases?: string[];
  source: Source;
  /**
   * When to choose it.
   */
  when_to_use?: string | null;
}
/**
 * What is wrong with a script.
 */
export interface Wrong {
  /**
   * In words.
   */
  message: string;
  /**
   * Where, as `FILE:LINE:COLUMN`.
   */
  place?: string | null;
}
/**
 * A key that was made.
 */
export interface MadeKey {
  /**
   * The key itself. It is shown this once.
   */
  key: string;
  /**
   * Its name.
   */
  name: string;
  role: Role;
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
  outcome?: TurnOutcome | null;
  started_at: Micros;
  /**
   * The turn.
   */
  turn: number;
  usage: Usage;
}
/**
 * A page of older messages.
 */
export interface MessagesPage {
  /**
   * The index of the first of them in the whole conversation.
   */
  first: number;
  /**
   * The messages, oldest first.
   */
  messages: Message[];
}
/**
 * A model, and what it can do. What is not known is absent, rather than guessed.
 */
export interface ModelInfo {
  /**
   * How many tokens prompt and answer may have together.
   */
  context_window?: number | null;
  /**
   * Its name, as it stands after the slash.
   */
  id: string;
  /**
   * It sees images.
   */
  images?: boolean | null;
  /**
   * How many tokens an answer may have, reasoning included.
   */
  max_output?: number | null;
  /**
   * It reasons before it answers.
   */
  reasoning?: boolean | null;
  /**
   * It calls tools.
   */
  tools?: boolean | null;
}
/**
 * An answer to a question of a workflow.
 */
export interface NewApproval {
  /**
   * Yes or no.
   */
  approved: boolean;
  /**
   * What is to be said to it.
   */
  comment?: string | null;
}
/**
 * A chat to open.
 */
export interface NewChat {
  /**
   * What is said first, where something is.
   */
  message?: string | null;
  /**
   * The model that answers; the session's, or else the server's default, where absent.
   */
  model?: string | null;
  /**
   * The session it belongs to.
   */
  session: string;
  /**
   * What it is called.
   */
  title?: string;
}
/**
 * A text to look at.
 */
export interface NewCheck {
  /**
   * The name of its file.
   */
  file: string;
  /**
   * The folder of the project whose files it may import; `.reenact/workflows` where absent.
   */
  folder?: string | null;
  /**
   * The project.
   */
  project: string;
  /**
   * The text.
   */
  text: string;
}
/**
 * The model to ask.
 */
export interface NewDefaultModel {
  /**
   * The model, as `openai/NAME` or `offline`; `null`: the one of the settings.
   */
  model?: string | null;
}
/**
 * Where a chat is to be forked, by exactly one of `at`, `before_message` and `after_turn`, and how the fork goes on.
 */
export interface NewFork {
  /**
   * Everything up to the end of this turn is copied.
   */
  after_turn?: number | null;
  /**
   * The last revision that is copied.
   */
  at?: Revision | null;
  /**
   * Everything before this message is copied: post another one to the fork, to ask anew.
   */
  before_message?: string | null;
  /**
   * The id of the fork, a UUIDv7; one made from the `Idempotency-Key`, or else a fresh one, where absent. Sent again with
   * the same id, a request is answered the same.
   */
  id?: string | null;
  /**
   * The model that answers in the fork; the same as before, where absent.
   */
  model?: string | null;
  /**
   * A turn that is open at the place goes on; else it ends there.
   */
  run?: boolean;
}
/**
 * A key to make.
 */
export interface NewKey {
  /**
   * Its name: 1 to 40 lower-case letters, digits and hyphens, never used before.
   */
  name: string;
  role: Role;
}
/**
 * A message to post.
 */
export interface NewMessage {
  /**
   * The files that go with it, at most 20, each stored by `POST /api/attachments` before.
   */
  attachments?: Attachment[];
  /**
   * The id of the message; a fresh one where absent.
   */
  message?: string | null;
  /**
   * What is said, at most 1 MiB; it may be empty where something is attached.
   */
  text: string;
}
/**
 * A folder to take under care.
 */
export interface NewProject {
  /**
   * What it is called; the folder's name where absent.
   */
  name?: string | null;
  /**
   * The folder's path, absolute or beginning with `~/`.
   */
  path: string;
}
/**
 * A key to use.
 */
export interface NewProviderKey {
  /**
   * The key. It is never shown again.
   */
  key: string;
}
/**
 * A workflow to run.
 */
export interface NewRun {
  /**
   * Its arguments, any JSON, handed to it as they are; none where absent.
   */
  args?: {
    [k: string]: unknown;
  };
  /**
   * How many output tokens it may take; no limit where absent.
   */
  budget?: number | null;
  /**
   * `false`: what was answered before is asked again.
   */
  cache?: boolean | null;
  /**
   * The first step of that run that is done again; all that can be reused is, where absent.
   */
  from_step?: number | null;
  /**
   * The model of agents for which the workflow names none; the session's, or else the server's default, where absent.
   */
  model?: string | null;
  /**
   * A run of the same project that it goes on from: its answers are taken, as long as nothing before them is new. Where
   * no arguments are given, those of that run are.
   */
  resume_from?: string | null;
  /**
   * The session it belongs to.
   */
  session: string;
  /**
   * For how long it may work, in ms, at least one second: what it waits for its turn, for people and for time does not
   * count. As the server is set, where absent.
   */
  time_limit_ms?: number | null;
  /**
   * The workflow's name; `builtin:NAME` always means ours.
   */
  workflow: string;
}
/**
 * A session to open.
 */
export interface NewSession {
  /**
   * The model that new chats ask; the server's default where absent.
   */
  model?: string | null;
  /**
   * The project to work on.
   */
  project: string;
  /**
   * What it is called.
   */
  title?: string;
}
/**
 * A text to save.
 */
export interface NewSource {
  /**
   * The name of its file, which ends in `.js`.
   */
  file: string;
  /**
   * The folder of the project in which it is to lie: `.reenact/workflows` where absent, `.claude/workflows` or
   * `.boocode/workflows`.
   */
  folder?: string | null;
  /**
   * The project.
   */
  project: string;
  /**
   * The text.
   */
  text: string;
}
/**
 * Words to an agent of a workflow that works.
 */
export interface NewStepMessage {
  /**
   * What is said.
   */
  text: string;
}
/**
 * How to try a provider out.
 */
export interface NewTrial {
  /**
   * The model to ask for a word, as it stands after the slash; where absent, the provider's own choice.
   */
  model?: string | null;
}
/**
 * A digest to trust.
 */
export interface NewTrust {
  /**
   * The digest that was shown.
   */
  digest: string;
}
/**
 * The workflows that a name means, as clients of `BooCode` read them.
 */
export interface OrchestratorWorkflows {
  /**
   * Each name once; what cannot run says why in `error`.
   */
  workflows: Listed[];
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
 * A message that was posted.
 */
export interface PostedMessage {
  /**
   * Its id.
   */
  message: string;
  /**
   * The position of that event.
   */
  position?: Position | null;
  /**
   * The revision of the last event that it made.
   */
  revision?: Revision | null;
}
/**
 * Why a request was not answered as wished.
 */
export interface Problem {
  /**
   * A stable code.
   */
  code: string;
  /**
   * What happened, where, and what to do.
   */
  detail: string;
  /**
   * The id of the request, which the server's log has too.
   */
  request_id?: string | null;
  /**
   * The HTTP status.
   */
  status: number;
  /**
   * What the status means.
   */
  title: string;
  /**
   * `about:blank`: the code says more.
   */
  type: string;
}
/**
 * A project in a list.
 */
export interface ProjectRow {
  /**
   * Its id, the UUIDv5 of its path.
   */
  id: string;
  /**
   * What it is called.
   */
  name: string;
  /**
   * The folder's canonical path.
   */
  path: string;
  registered_at: Micros;
  /**
   * Its name in addresses.
   */
  slug: string;
  stream: StreamId;
  /**
   * What its files name may run, as long as that is what was shown.
   */
  trusted: boolean;
  updated_at: Micros;
}
/**
 * A page of a list.
 */
export interface ProjectRows {
  /**
   * The items, the newest first.
   */
  items: ProjectRow[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
  /**
   * Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
   * the disk. `/health` says which.
   */
  rebuilding?: boolean;
}
/**
 * One provider, as the API and the page show it.
 */
export interface ProviderInfo {
  /**
   * Where it is; `null` for the offline model.
   */
  base_url?: string | null;
  /**
   * Whether it can be asked.
   */
  configured: boolean;
  /**
   * The model meant by the provider's name alone.
   */
  default_model?: string | null;
  /**
   * What to do to use it; empty where nothing is left to do.
   */
  hint: string;
  /**
   * The name before the slash.
   */
  id: string;
  /**
   * How its key stands; `null` for the offline model, which has none.
   */
  key?: ProviderKey | null;
  /**
   * The name for people.
   */
  label: string;
  /**
   * The models known without asking the server.
   */
  models: ModelInfo[];
}
/**
 * How the key of a provider stands. The key itself is never shown.
 */
export interface ProviderKey {
  /**
   * It can be set and forgotten here: the settings and the environment give none.
   */
  changeable: boolean;
  /**
   * The provider cannot be asked without one.
   */
  needed: boolean;
  /**
   * Where the key stands that is used, for people: `OPENAI_API_KEY in the environment`; absent without a key.
   */
  origin?: string | null;
}
/**
 * The models that a provider says it has.
 */
export interface ProviderModels {
  /**
   * The models, by name.
   */
  models: ModelInfo[];
}
/**
 * The providers of models.
 */
export interface ProvidersOut {
  /**
   * It was chosen, and stands above the settings.
   */
  default_chosen: boolean;
  /**
   * The model meant where nobody names one.
   */
  default_model: string;
  /**
   * The providers, the offline model first.
   */
  providers: ProviderInfo[];
}
/**
 * A run in a list.
 */
export interface RunRow {
  /**
   * What it does.
   */
  description: string;
  /**
   * When it ended.
   */
  ended_at?: Micros | null;
  /**
   * Its id.
   */
  id: string;
  /**
   * The model of agents for which it names none.
   */
  model: string;
  /**
   * The step of another run that it is.
   */
  parent?: Parent | null;
  /**
   * The project that the session works on.
   */
  project: string;
  /**
   * Questions of it that nobody has answered.
   */
  questions: number;
  requested_at: Micros;
  /**
   * The session it belongs to.
   */
  session: string;
  /**
   * How many of them have an answer.
   */
  settled: number;
  state: RunStatus;
  /**
   * How many steps it asked for.
   */
  steps: number;
  stream: StreamId;
  updated_at: Micros;
  usage: Usage;
  /**
   * The workflow's name.
   */
  workflow: string;
}
/**
 * A page of a list.
 */
export interface RunRows {
  /**
   * The items, the newest first.
   */
  items: RunRow[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
  /**
   * Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
   * the disk. `/health` says which.
   */
  rebuilding?: boolean;
}
/**
 * What is to change about a session; what is absent stays.
 */
export interface SessionChange {
  /**
   * Another model for new chats.
   */
  model?: string | null;
  /**
   * Another title.
   */
  title?: string | null;
}
/**
 * A session in a list.
 */
export interface SessionRow {
  /**
   * It was put away.
   */
  archived: boolean;
  /**
   * How many chats it has.
   */
  chats: number;
  /**
   * The first of them; `null` until there is one.
   */
  first_chat?: string | null;
  /**
   * Its id.
   */
  id: string;
  /**
   * The model that new chats ask; the server's default where `null`.
   */
  model?: string | null;
  /**
   * Somebody gave it that title.
   */
  named: boolean;
  opened_at: Micros;
  /**
   * How its panes stand on the page, in the page's own words; empty for one alone.
   */
  panes?: string;
  /**
   * The project it works on.
   */
  project: string;
  stream: StreamId;
  /**
   * What it is called; as its first chat is, until it is named.
   */
  title: string;
  updated_at: Micros;
}
/**
 * A page of a list.
 */
export interface SessionRows {
  /**
   * The items, the newest first.
   */
  items: SessionRow[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
  /**
   * Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
   * the disk. `/health` says which.
   */
  rebuilding?: boolean;
}
/**
 * A key to sign in with.
 */
export interface SignIn {
  /**
   * The key.
   */
  key: string;
}
/**
 * Who signed in.
 */
export interface SignedIn {
  role: Role;
  user: By;
}
/**
 * A stream at a revision.
 */
export interface StateOut {
  revision: Revision;
  /**
   * Its state, by its kind.
   */
  state: {
    [k: string]: unknown;
  };
  stream: StreamId;
}
/**
 * An event, and what it changed.
 */
export interface Step {
  event: EventOut;
  /**
   * What it changed in the state, as a JSON Patch (RFC 6902).
   */
  patch: Operation[];
}
/**
 * Steps through a stream.
 */
export interface Steps {
  /**
   * The state before the first of them, where it was asked for.
   */
  before?: {
    [k: string]: unknown;
  };
  /**
   * The steps, in order.
   */
  items: Step[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
}
/**
 * A file that was stored.
 */
export interface StoredAttachment {
  /**
   * Its size in bytes.
   */
  bytes: number;
  /**
   * The SHA-256 of its bytes: the `blob` of an attachment.
   */
  sha256: string;
  /**
   * Its media type, as its bytes say.
   */
  type: string;
}
/**
 * A stream in the list of streams.
 */
export interface StreamItem {
  position: Position;
  /**
   * The revision of its last event.
   */
  revision?: Revision | null;
  stream: StreamId;
}
/**
 * A page of a list.
 */
export interface StreamItems {
  /**
   * The items, the newest first.
   */
  items: StreamItem[];
  /**
   * The `cursor` of the next page; `null` at the end.
   */
  next_cursor?: string | null;
  /**
   * Items may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
   * the disk. `/health` says which.
   */
  rebuilding?: boolean;
}
/**
 * How a trial went.
 */
export interface TrialOut {
  /**
   * A stable code where it did not answer: `bad_key`, `unavailable` …
   */
  code?: string | null;
  /**
   * How long the answer took, in ms.
   */
  latency_ms?: number | null;
  /**
   * What happened, and what to do where it did not answer.
   */
  message: string;
  /**
   * The model that was asked for a word; absent where only the list of models was read.
   */
  model?: string | null;
  /**
   * It answered.
   */
  ok: boolean;
}
/**
 * What a project's files name that could run.
 */
export interface Trust {
  /**
   * The digest of all that is listed: what is sent to trust it.
   */
  digest: string;
  /**
   * The files.
   */
  items: TrustItem[];
  /**
   * This very digest is trusted.
   */
  trusted: boolean;
}
/**
 * A file that names what could run.
 */
export interface TrustItem {
  /**
   * Its size in bytes.
   */
  bytes: number;
  /**
   * What it is for: `mcp`, `configuration`, `workflow` or `agent`.
   */
  kind: string;
  /**
   * Its path within the project.
   */
  path: string;
}
/**
 * What the turns took that ended since a moment.
 */
export interface UsageOut {
  since: Micros;
  usage: Usage;
}
/**
 * What a page saw of a stream at a revision.
 */
export interface ViewOut {
  revision: Revision;
  stream: StreamId;
  /**
   * Its view, by its kind.
   */
  view: {
    [k: string]: unknown;
  };
}
/**
 * The text of a workflow.
 */
export interface WorkflowSource {
  /**
   * The name of its file.
   */
  file: string;
  /**
   * The folder of the project in which it lies, as `.claude/workflows`; it can be saved there.
   */
  folder?: string | null;
  /**
   * Its file, where it is one.
   */
  path?: string | null;
  source: Source;
  /**
   * What stands in it.
   */
  text: string;
}
/**
 * The workflows that there are.
 */
export interface Workflows {
  /**
   * In the order in which a name is looked for.
   */
  items: Listed[];
}
