// A row of a conversation. One that cannot be drawn shows what came, and harms no other.
import { Component, memo, type ReactNode } from "react";
import { type Row, sameRow } from "../list/rows.ts";
import { CallMessage } from "./call.tsx";
import { Tools } from "./tools.tsx";
import { TurnEndLine } from "./turn-end.tsx";
import { UserMessage } from "./user-message.tsx";

const SPACE: Record<Row["kind"], string> = {
  user: "pt-6",
  call: "pt-3",
  tools: "pt-2",
  end: "pt-3",
  raw: "pt-3",
};

export const RowView = memo(
  function RowView({ row }: { row: Row }) {
    return (
      <div data-row={row.key} data-message={row.kind} className={SPACE[row.kind]}>
        <Undrawable row={row}>
          <Content row={row} />
        </Undrawable>
      </div>
    );
  },
  (was, now) => sameRow(was.row, now.row),
);

function Content({ row }: { row: Row }): ReactNode {
  switch (row.kind) {
    case "user":
      return <UserMessage message={row.message} />;
    case "call":
      return <CallMessage call={row.call} current={row.current} />;
    case "tools":
      return <Tools row={row} />;
    case "end":
      return <TurnEndLine end={row.end} before={row.before} />;
    case "raw":
      return <Raw row={row} why="It is of a kind that this page does not know." />;
  }
}

interface UndrawableProps {
  row: Row;
  children: ReactNode;
}

/** Shows the raw message in place of one that cannot be drawn, until it changes. */
class Undrawable extends Component<UndrawableProps, { failed: string | null }> {
  override state: { failed: string | null } = { failed: null };

  static getDerivedStateFromError(error: unknown) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }

  override componentDidUpdate(before: UndrawableProps) {
    if (this.state.failed !== null && !sameRow(before.row, this.props.row)) this.setState({ failed: null });
  }

  override render() {
    if (this.state.failed === null) return this.props.children;
    return <Raw row={this.props.row} why={this.state.failed} />;
  }
}

function Raw({ row, why }: { row: Row; why: string }) {
  return (
    <div className="rounded-md border border-line-strong border-dashed px-3 py-2">
      <p className="text-small text-warn" title={why}>
        This message cannot be drawn. It says:
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keyboard too */}
      <pre className="max-h-96 overflow-auto whitespace-pre-wrap font-mono text-code" tabIndex={0}>
        {JSON.stringify(messagesOf(row), null, 2)}
      </pre>
    </div>
  );
}

function messagesOf(row: Row): unknown {
  switch (row.kind) {
    case "user":
    case "raw":
      return row.message;
    case "call":
      return row.call;
    case "tools":
      return row.steps.map((step) => step.call);
    case "end":
      return row.end;
  }
}
