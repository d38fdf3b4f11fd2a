// What page and server say to each other. Follows the schemas of the server type by type.

/** Microseconds since the start of 1970, UTC. */
export type Micros = number;

/** A text, or the reference to a longer one. */
export type Body = string | BlobRef;

export interface BlobRef {
  /** SHA-256 of the bytes, in hexadecimal. */
  blob: string;
  bytes: number;
  type: string;
  /** The first 2 KiB. */
  head: string;
}

export interface By {
  kind: string;
  id?: string | null;
}

export interface Usage {
  input: number;
  output: number;
  reasoning: number;
  cache_read: number;
  cache_write: number;
  estimated?: boolean;
}

// --- chat ---------------------------------------------------------------------------------------

export type ToolClass = "repeat" | "once";
export type Stop = "end" | "tool_calls" | "length" | "content_filter";
export type ToolOutcome = "succeeded" | "failed" | "unknown" | "cancelled";

export interface CallError {
  code: string;
  message: string;
  retry: "never" | "soon" | "later";
  retry_after_ms?: number | null;
}

export type Limit =
  | { kind: "steps"; calls: number }
  | { kind: "doom_loop"; tool: string; times: number }
  | { kind: "tool_mistakes"; times: number }
  | { kind: "tokens"; budget: number };

export type TurnOutcome =
  | { kind: "answered" }
  | { kind: "limited"; limit: Limit }
  | { kind: "failed"; error: CallError };

export interface Origin {
  kind: "user";
}

export type ChatEvent =
  | {
      type: "ChatOpened";
      data: {
        session: string;
        project: string;
        title: string;
        model: string;
        agent: string;
        origin: Origin;
        token_budget: number;
      };
    }
  | { type: "ChatRenamed"; data: { title: string } }
  | { type: "ChatConfigured"; data: { model: string } }
  | { type: "MessageQueued"; data: { message: string; text: Body } }
  | { type: "MessageUnqueued"; data: { message: string } }
  | { type: "MessagePosted"; data: { message: string; text: Body } }
  | { type: "TurnStarted"; data: { turn: number; message: string } }
  | { type: "ModelCallStarted"; data: { call: string; model: string; attempt: number } }
  | { type: "ReasoningAppended"; data: { call: string; attempt: number; offset: number; text: string } }
  | { type: "TextAppended"; data: { call: string; attempt: number; offset: number; text: string } }
  | {
      type: "ToolCalled";
      data: {
        call: string;
        tool_call: string;
        provider_id: string;
        name: string;
        arguments: Body;
        class: ToolClass;
      };
    }
  | {
      type: "ModelCallFinished";
      data: {
        call: string;
        attempt: number;
        stop: Stop;
        usage: Usage;
        latency_ms: number;
        text?: Body | null;
        reasoning?: Body | null;
      };
    }
  | {
      type: "ModelCallFailed";
      data: { call: string; attempt: number; error: CallError; retry_at?: Micros | null };
    }
  | { type: "WaitElapsed"; data: { call: string } }
  | { type: "ToolStarted"; data: { tool_call: string; attempt: number } }
  | {
      type: "ToolFinished";
      data: {
        tool_call: string;
        outcome: ToolOutcome;
        output: Body;
        latency_ms: number;
        truncated: boolean;
      };
    }
  | { type: "LimitReached"; data: { turn: number; limit: Limit } }
  | { type: "TurnFinished"; data: { turn: number; outcome: TurnOutcome; usage: Usage } }
  | { type: "TurnCancelled"; data: { turn: number; usage: Usage } };

export type ChatCommand =
  | {
      type: "OpenChat";
      session: string;
      project: string;
      title?: string;
      model: string;
      agent?: string;
      token_budget?: number;
    }
  | { type: "PostMessage"; message?: string; text: Body }
  | { type: "UnqueueMessage"; message: string }
  | { type: "CancelTurn" }
  | { type: "RenameChat"; title: string }
  | { type: "ConfigureChat"; model: string };

export interface ChatView {
  about: About | null;
  messages: Message[];
  /** The index of the first message here in the whole conversation. */
  first: number;
  queue: Posted[];
  turn: Turn | null;
  turns: number;
  usage: Usage;
}

export interface About {
  session: string;
  project: string;
  title: string;
  model: string;
  agent: string;
  origin: Origin;
  /** How many tokens one turn may take. */
  token_budget: number;
  opened_at: Micros;
}

export type Message = UserMessage | Call | TurnEnd;

/** A message of a person; one that waits has the same form. */
export interface Posted {
  message: string;
  text: Body;
  at: Micros;
}

export interface UserMessage extends Posted {
  kind: "user";
}

export interface Call {
  kind: "call";
  call: string;
  model: string;
  state: CallState;
  attempt: number | null;
  since: Micros;
  reasoning: Body;
  text: Body;
  interrupted?: Interrupted[];
  tool_calls?: ToolCall[];
  usage: Usage;
  latency_ms: number;
  closing?: boolean;
}

export type CallState =
  | { kind: "open" }
  | { kind: "finished"; stop: Stop }
  | { kind: "failed"; error: CallError; retry_at?: Micros | null }
  | { kind: "cancelled" };

export interface Interrupted {
  attempt: number;
  reasoning: Body;
  text: Body;
}

export interface ToolCall {
  tool_call: string;
  provider_id: string;
  name: string;
  arguments: Body;
  class: ToolClass;
  since: Micros;
  state: ToolState;
}

export type ToolState =
  | { kind: "requested" }
  | { kind: "started"; attempt: number; at: Micros }
  | { kind: "finished"; outcome: ToolOutcome; output: Body; latency_ms: number; truncated: boolean };

export interface TurnEnd {
  kind: "end";
  turn: number;
  /** Null where the turn was stopped. */
  outcome: TurnOutcome | null;
  usage: Usage;
  started_at: Micros;
  ended_at: Micros;
}

export interface Turn {
  turn: number;
  message: string;
  started_at: Micros;
  usage: Usage;
  failures: number;
  mistakes: number;
  /** The last tool call, and how often in a row it was made. */
  repeated?: { name: string; arguments: Body; times: number } | null;
  limit?: Limit | null;
}

// --- session and project ------------------------------------------------------------------------

export type SessionCommand =
  | { type: "OpenSession"; project: string; title?: string; model?: string | null }
  | { type: "RenameSession"; title: string }
  | { type: "ConfigureSession"; model?: string | null }
  | { type: "ArchiveSession" };

export type ProjectCommand =
  | { type: "RenameProject"; name: string }
  | { type: "TrustProject"; digest: string }
  | { type: "WithdrawTrust" }
  | { type: "RemoveProject" };

export type Command = ChatCommand | SessionCommand | ProjectCommand;

// --- rows of the lists --------------------------------------------------------------------------

export interface ProjectRow {
  stream: string;
  id: string;
  path: string;
  name: string;
  slug: string;
  trusted: boolean;
  registered_at: Micros;
  updated_at: Micros;
}

export interface SessionRow {
  stream: string;
  id: string;
  project: string;
  title: string;
  model: string | null;
  archived: boolean;
  chats: number;
  opened_at: Micros;
  updated_at: Micros;
}

export type ChatRowState = "idle" | "running" | "failed" | "cancelled";

export interface ChatRow {
  stream: string;
  id: string;
  session: string;
  project: string;
  title: string;
  model: string;
  turns: number;
  state: ChatRowState;
  /** The first 120 characters of the newest message of a person. */
  last: string;
  usage: Usage;
  opened_at: Micros;
  updated_at: Micros;
}

export interface Rows {
  projects: ProjectRow;
  sessions: SessionRow;
  chats: ChatRow;
}

export type ListName = keyof Rows;
export type Row = Rows[ListName];

// --- frames of the socket -----------------------------------------------------------------------

export type ClientFrame =
  | { op: "subscribe"; sub: number; stream: string; after?: number; view?: boolean }
  | { op: "subscribe"; sub: number; list: ListName; project?: string; session?: string }
  | { op: "unsubscribe"; sub: number }
  | { op: "command"; id: string; stream: string; command: Command }
  | { op: "batch"; frames: ClientFrame[] }
  | { op: "ping" };

export type ServerFrame =
  | { op: "hello"; log: string; version: string; user: By; role: string }
  | EventFrame
  | { op: "view"; sub: number; revision: number | null; view: unknown }
  | { op: "rows"; sub: number; position: number; rows: Row[] }
  | { op: "row"; sub: number; position: number; row: Row }
  | { op: "gone"; sub: number; position: number; stream: string }
  | { op: "live"; sub: number }
  | { op: "accepted"; id: string; revision: number | null; position: number | null }
  | { op: "rejected"; id: string; code: string; message: string }
  | { op: "error"; sub?: number | null; code: string; message: string }
  | { op: "pong" };

export interface EventFrame {
  op: "event";
  sub: number;
  revision: number;
  position: number;
  at: Micros;
  by: By;
  type: string;
  data: unknown;
}

// --- HTTP ---------------------------------------------------------------------------------------

/** RFC 9457. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
}

export interface Directories {
  path: string;
  parent: string | null;
  home: string | null;
  entries: Directory[];
  truncated: boolean;
}

export interface Directory {
  name: string;
  path: string;
  hidden: boolean;
  /** It looks like a project: it has a repository or a manifest. */
  project_like: boolean;
}

export interface Trust {
  digest: string;
  trusted: boolean;
  items: TrustItem[];
}

export interface TrustItem {
  path: string;
  kind: string;
  bytes: number;
}

export interface Providers {
  default_model: string;
  providers: Provider[];
}

export interface Provider {
  id: string;
  label: string;
  configured: boolean;
  base_url: string | null;
  models: string[];
  /** The model meant by the provider's name alone. */
  default_model?: string | null;
  /** How to set it up. */
  hint?: string;
}

export interface MessagesPage {
  messages: Message[];
  first: number;
}
