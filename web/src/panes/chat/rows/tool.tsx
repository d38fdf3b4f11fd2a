// A tool call as one line: icon, name, the argument that matters, time, outcome. Opens to arguments and output.
import {
  Ban,
  Check,
  CircleHelp,
  FileSearch,
  FileText,
  FolderOpen,
  type LucideIcon,
  Search,
  Wrench,
  X,
} from "lucide-react";
import { memo } from "react";
import { BodyText } from "../../../parts/body-text.tsx";
import { useNow } from "../../../parts/clock.tsx";
import { Coloured, CopyButton } from "../../../parts/code/index.tsx";
import { duration, firstLine, seconds, shown } from "../../../parts/format.ts";
import { Words } from "../../../parts/words.tsx";
import type { ToolCall, ToolOutcome } from "../../../wire/index.ts";
import { Bar } from "./bar.tsx";
import { Fold } from "./fold.tsx";
import { useFold } from "./folds.ts";
import { describe } from "./tool-words.ts";

const ICONS: Record<string, LucideIcon> = {
  list_directory: FolderOpen,
  read_file: FileText,
  find_files: FileSearch,
  search_text: Search,
};

const OUTCOMES: Record<ToolOutcome, { icon: LucideIcon; look: string; word: string }> = {
  succeeded: { icon: Check, look: "text-good", word: "succeeded" },
  failed: { icon: X, look: "text-bad", word: "failed" },
  unknown: { icon: CircleHelp, look: "text-warn", word: "unknown: the server went down while it ran" },
  cancelled: { icon: Ban, look: "text-faint", word: "stopped" },
};

interface Props {
  tool: ToolCall;
  /** How long the longest of those beside it took, in ms. */
  longest: number;
}

export const ToolLine = memo(function ToolLine({ tool, longest }: Props) {
  const [open, toggle] = useFold(`tool ${tool.tool_call}`);
  const Icon = ICONS[tool.name] ?? Wrench;
  const { verb, subject } = describe(tool.name, shown(tool.arguments));
  return (
    <li data-tool={tool.name} data-tool-call={tool.tool_call} data-state={tool.state.kind}>
      <Fold
        open={open}
        onToggle={toggle}
        icon={<Icon size={14} aria-hidden />}
        summary={
          <>
            <span className="text-soft">{verb}</span>{" "}
            <span className="font-mono text-code text-ink">{subject}</span>
            <Reason tool={tool} />
          </>
        }
        aside={<Outcome tool={tool} longest={longest} />}
      >
        <Details tool={tool} />
      </Fold>
    </li>
  );
});

/** Why a call failed, in the line itself: one need not open it to know. */
function Reason({ tool: { state } }: { tool: ToolCall }) {
  if (state.kind !== "finished" || state.outcome !== "failed") return null;
  return (
    <span className="ml-2 text-bad text-small">
      <Words>{firstLine(shown(state.output))}</Words>
    </span>
  );
}

function Outcome({ tool, longest }: Props) {
  const { state } = tool;
  if (state.kind === "requested") return <span className="text-faint text-small">waits</span>;
  if (state.kind === "started") return <Elapsed since={state.at} />;
  const { icon: Icon, look, word } = OUTCOMES[state.outcome];
  return (
    <span className="numbers flex shrink-0 items-center gap-1.5 text-faint text-small">
      {state.truncated && <span title="The output leaves something out">partial</span>}
      {state.outcome !== "cancelled" && (
        <>
          <Bar share={state.latency_ms / longest} />
          <span className="min-w-12 text-right">{duration(state.latency_ms)}</span>
        </>
      )}
      <Icon size={13} className={look} role="img" aria-label={word} />
    </span>
  );
}

function Elapsed({ since }: { since: number }) {
  const now = useNow(1_000);
  return (
    <span className="numbers flex shrink-0 items-center gap-1.5 text-faint text-small">
      {seconds(now - since / 1_000)}
      <span role="img" aria-label="running" className="size-1.5 animate-breathe rounded-full bg-accent" />
    </span>
  );
}

const box =
  "max-h-96 overflow-auto rounded-md bg-sunken px-3 py-2 font-mono text-code whitespace-pre-wrap [overflow-wrap:anywhere]";

function Details({ tool }: { tool: ToolCall }) {
  const { state } = tool;
  return (
    <div className="flex flex-col gap-2">
      <Part title={tool.name}>
        <BodyText body={tool.arguments}>
          {(text) => (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keyboard too
            <pre className={box} tabIndex={0}>
              <Coloured code={pretty(text)} language="json" />
            </pre>
          )}
        </BodyText>
      </Part>
      {state.kind === "finished" && state.outcome !== "cancelled" && (
        <Part title={OUTCOMES[state.outcome].word} copy={shown(state.output)}>
          <BodyText body={state.output}>
            {(text) => (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
              <pre className={`${box} ${state.outcome === "failed" ? "text-bad" : ""}`} tabIndex={0}>
                {text || "(no output)"}
              </pre>
            )}
          </BodyText>
          {state.truncated && (
            <p className="mt-1 text-faint text-small">The output leaves something out, and says so.</p>
          )}
        </Part>
      )}
    </div>
  );
}

function Part({ title, copy, children }: { title: string; copy?: string; children: React.ReactNode }) {
  return (
    <div>
      <div className="flex h-6 items-center justify-between text-faint text-small">
        <span>{title}</span>
        {copy && <CopyButton text={copy} />}
      </div>
      {children}
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
