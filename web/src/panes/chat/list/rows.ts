// What is drawn of a conversation, line by line: messages, and tool calls in groups that reach over several model calls.
import { isEmpty } from "../../../parts/format.ts";
import type { Call, Message, ToolCall, TurnEnd, UserMessage } from "../../../wire/index.ts";

interface Base {
  /** Names the row within its chat. */
  key: string;
  /** The index, in the whole conversation, of the message with which it begins. */
  index: number;
}

export interface UserRow extends Base {
  kind: "user";
  message: UserMessage;
}

/** What a model wrote, without the tools that it asked for. */
export interface CallRow extends Base {
  kind: "call";
  call: Call;
  /** It is the last message of the open turn. */
  current: boolean;
}

/** Tool calls between which the model wrote nothing. */
export interface ToolsRow extends Base {
  kind: "tools";
  steps: Step[];
  /** Its turn goes on right here. */
  current: boolean;
}

/** The tools that one model call asked for. */
export interface Step {
  call: Call;
  /** What it reasoned is shown with its tools, since there is no row of its own for it. */
  reasoned: boolean;
}

export interface EndRow extends Base {
  kind: "end";
  end: TurnEnd;
  /** The last model call of the turn. */
  before: Call | null;
}

/** A message of which nothing is known but what came. */
export interface RawRow extends Base {
  kind: "raw";
  message: unknown;
}

export type Row = UserRow | CallRow | ToolsRow | EndRow | RawRow;

/** The rows of messages that follow one another, of which the first has the index `from`. */
export function rowsOf(messages: readonly Message[], from: number, turnOpen: boolean): Row[] {
  const rows: Row[] = [];
  for (const [offset, message] of messages.entries()) {
    const index = from + offset;
    const before = rows.length;
    try {
      add(rows, message, index, messages[offset - 1], turnOpen && offset === messages.length - 1);
    } catch {
      // What a newer server sends, or a broken one, harms no other message.
      rows.splice(before, rows.length, { kind: "raw", key: `raw ${index}`, index, message });
    }
  }
  return rows;
}

function add(rows: Row[], message: Message, index: number, before: Message | undefined, current: boolean) {
  switch (message.kind) {
    case "user":
      rows.push({ kind: "user", key: message.message, index, message });
      break;
    case "call":
      addCall(rows, message, index, current);
      break;
    case "end": {
      const call = before?.kind === "call" ? before : null;
      rows.push({ kind: "end", key: `end ${message.turn}`, index, end: message, before: call });
      break;
    }
    default:
      message satisfies never;
      rows.push({ kind: "raw", key: `raw ${index}`, index, message });
  }
}

function addCall(rows: Row[], call: Call, index: number, current: boolean): void {
  const speaks = hasWords(call);
  if (speaks) rows.push({ kind: "call", key: call.call, index, call, current });
  if (!call.tool_calls?.length) return;
  const step: Step = { call, reasoned: !speaks && !isEmpty(call.reasoning) };
  const last = rows.at(-1);
  if (last?.kind === "tools") {
    last.steps.push(step);
    last.current = current;
  } else {
    rows.push({ kind: "tools", key: `tools ${call.call}`, index, steps: [step], current });
  }
}

/** Whether a call shows anything besides its tools. */
function hasWords(call: Call): boolean {
  const { state } = call;
  if (!isEmpty(call.text) || call.interrupted?.length || state.kind === "failed") return true;
  if (state.kind === "finished" && (state.stop === "length" || state.stop === "content_filter")) return true;
  return !call.tool_calls?.length && !isEmpty(call.reasoning);
}

/** Whether two rows look alike. */
export function sameRow(a: Row, b: Row): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "user":
      return b.kind === "user" && a.message === b.message;
    case "call":
      return b.kind === "call" && a.call === b.call && a.current === b.current;
    case "tools":
      return (
        b.kind === "tools" &&
        a.current === b.current &&
        a.steps.length === b.steps.length &&
        a.steps.every((step, at) => step.call === b.steps[at]?.call)
      );
    case "end":
      return b.kind === "end" && a.end === b.end && a.before === b.before;
    case "raw":
      return b.kind === "raw" && a.message === b.message;
  }
}

export function toolsOf(row: ToolsRow): ToolCall[] {
  return row.steps.flatMap((step) => step.call.tool_calls ?? []);
}
