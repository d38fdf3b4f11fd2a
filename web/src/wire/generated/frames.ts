// Made from schemas/frames.json by `npm run types`: change the server's types, not this file.

/**
 * What sort of actor did something.
 */
export type ByKind = "person" | "agent" | "key" | "system";
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
 * How a chat stands.
 */
export type ChatState = "idle" | "running" | "waiting" | "failed" | "cancelled";
/**
 * What a client sends.
 */
export type ClientFrame =
  | {
      /**
       * The last revision seen; from the start, or with a view, where absent.
       */
      after?: Revision | null;
      /**
       * `true`: the rows of what was put away too.
       */
      archived?: boolean | null;
      /**
       * The files.
       */
      files?: FilesOf | null;
      /**
       * The list.
       */
      list?: List | null;
      op: "subscribe";
      /**
       * Only the rows, or the files, of a project.
       */
      project?: string | null;
      /**
       * Only the rows of a session.
       */
      session?: string | null;
      /**
       * The stream.
       */
      stream?: StreamId | null;
      /**
       * A number that no open subscription of this socket has; it stands in all answers.
       */
      sub: number;
      /**
       * `false`: only events, however many; `true`: a view first, always; absent: a view where it is shorter.
       */
      view?: boolean | null;
    }
  | {
      op: "unsubscribe";
      /**
       * The number given when subscribing.
       */
      sub: number;
    }
  | {
      /**
       * The command, as `{"type":"PostMessage",…}`.
       */
      command: {
        [k: string]: unknown;
      };
      /**
       * Its id, 1 to 64 visible ASCII characters; an accepted one sent again is answered the same and done once.
       */
      id: string;
      op: "command";
      /**
       * The entity.
       */
      stream: string;
    }
  | {
      op: "ping";
    }
  | {
      /**
       * The frames.
       */
      frames: unknown[];
      op: "batch";
    };
/**
 * Files that can be followed.
 */
export type FilesOf = "workflows";
/**
 * A list.
 */
export type List = "projects" | "sessions" | "chats" | "runs";
/**
 * The id of a command from outside, chosen by who sent it: 1 to 64 visible ASCII characters.
 * Sent again, it is answered the same and done once.
 */
export type CommandId = string;
/**
 * An event's number within the whole log, from 0. As a head: the number of events before it.
 */
export type Position = number;
/**
 * What a key may do.
 */
export type Role = "viewer" | "operator" | "admin";
/**
 * A row of a list, by its `stream` one of four.
 */
export type Row = ChatRow | RunRow | SessionRow | ProjectRow;
/**
 * How a run stands.
 */
export type RunStatus = "queued" | "running" | "paused" | "finished" | "failed" | "cancelled";
/**
 * What the server sends.
 */
export type ServerFrame =
  | {
      /**
       * Which log, as `UUID.EPOCH`; of another one, a client drops what it has.
       */
      log: string;
      op: "hello";
      role: Role;
      user: By;
      /**
       * The server's version; a page of another one reloads itself.
       */
      version: string;
    }
  | (EventFrame & {
      op: "event";
    })
  | {
      op: "view";
      /**
       * The revision of the last event in it; `null` for a stream that is not there yet.
       */
      revision?: Revision | null;
      /**
       * The subscription.
       */
      sub: number;
      /**
       * What a page needs of it, by its kind.
       */
      view: {
        [k: string]: unknown;
      };
    }
  | {
      op: "live";
      /**
       * The subscription.
       */
      sub: number;
    }
  | {
      op: "rows";
      position: Position;
      /**
       * Rows may be missing or old for more than a moment: the lists are being made anew from the log, or wait for room on
       * the disk. All rows come again once that is over.
       */
      rebuilding?: boolean;
      /**
       * The rows, the newest first.
       */
      rows: Row[];
      /**
       * The subscription.
       */
      sub: number;
    }
  | {
      op: "row";
      position: Position;
      row: Row;
      /**
       * The subscription.
       */
      sub: number;
    }
  | {
      op: "gone";
      position: Position;
      stream: StreamId;
      /**
       * The subscription.
       */
      sub: number;
    }
  | {
      op: "changed";
      /**
       * The subscription.
       */
      sub: number;
    }
  | {
      /**
       * Its id.
       */
      id: string;
      op: "accepted";
      /**
       * The position of that event.
       */
      position?: Position | null;
      /**
       * The revision of its last event, or of the stream's last event if nothing had to change.
       */
      revision?: Revision | null;
    }
  | {
      /**
       * A stable code.
       */
      code: string;
      /**
       * Its id.
       */
      id: string;
      /**
       * What is wrong and what to do.
       */
      message: string;
      op: "rejected";
    }
  | {
      /**
       * A stable code.
       */
      code: string;
      /**
       * What is wrong and what to do.
       */
      message: string;
      op: "error";
      /**
       * The subscription, where it is about one.
       */
      sub?: number | null;
    }
  | {
      op: "pong";
    };

export interface FramesSchema {
  [k: string]: unknown;
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
 * An event of a stream that is followed.
 */
export interface EventFrame {
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
   * The subscription.
   */
  sub: number;
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
