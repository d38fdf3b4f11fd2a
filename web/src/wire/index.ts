// The types of the wire, by the names that the page uses. What they are is made from the server's schemas.
import type { Command as ChatCommand, Message } from "./generated/chat.ts";
import type { ChatRow, ProjectRow, RunRow, ServerFrame, SessionRow } from "./generated/frames.ts";
import type { Command as ProjectCommand } from "./generated/project.ts";
import type { Command as AnyRunCommand } from "./generated/run.ts";
import type { Command as SessionCommand } from "./generated/session.ts";

export type {
  Attachment,
  BlobRef,
  Body,
  CallError,
  Compaction,
  Context as ChatContext,
  Event as ChatEvent,
  Interrupted,
  Limit,
  Message,
  Micros,
  Origin,
  Queued,
  ToolCall,
  ToolOutcome,
  ToolState,
  Turn,
  Usage,
  View as ChatView,
} from "./generated/chat.ts";
export type {
  ChatRow,
  ChatState as ChatRowState,
  ClientFrame,
  List as ListName,
  ProjectRow,
  Row,
  RunRow,
  ServerFrame,
  SessionRow,
} from "./generated/frames.ts";
export type {
  Counts,
  Directories,
  DirectoryEntry as Directory,
  EventOut,
  Events as EventsPage,
  FileItem,
  Files,
  Find,
  Finds,
  Forked,
  Health,
  KeyInfo,
  KeysOut as Keys,
  Listed as WorkflowItem,
  MadeKey,
  ModelInfo,
  NewFork,
  NewRun,
  Operation,
  Problem,
  ProviderInfo as Provider,
  ProvidersOut as Providers,
  Role,
  Steps,
  StoredAttachment,
  TrialOut as Trial,
  Trust,
  UsageOut as Spent,
  WorkflowSource,
  Workflows,
} from "./generated/http.ts";
export type {
  Event as RunEvent,
  State as RunView,
  Step as RunStep,
} from "./generated/run.ts";

/** What a page may ask of a run: it is begun by HTTP, where the server pins what it runs. */
export type RunCommand = Exclude<AnyRunCommand, { type: "RequestRun" }>;
export type Command = ChatCommand | SessionCommand | ProjectCommand | RunCommand;

export type UserMessage = Extract<Message, { kind: "user" }>;
export type Call = Extract<Message, { kind: "call" }>;
export type TurnEnd = Extract<Message, { kind: "end" }>;

export type EventFrame = Extract<ServerFrame, { op: "event" }>;

/** A page of older messages. */
export interface MessagesPage {
  messages: Message[];
  first: number;
}

/** The rows of each list. */
export interface Rows {
  projects: ProjectRow;
  sessions: SessionRow;
  chats: ChatRow;
  runs: RunRow;
}
