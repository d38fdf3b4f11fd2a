// How things stand, by shape and colour both, and what is shown while nothing is known or something is wrong.
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { ChatRowState } from "../wire/index.ts";
import { Words } from "./words.tsx";

const LABELS: Record<ChatRowState, string> = {
  running: "running",
  waiting: "waits for you",
  failed: "failed",
  cancelled: "stopped",
  idle: "idle",
};

const SHAPES: Partial<Record<ChatRowState, string>> = {
  running: "rounded-full bg-accent animate-breathe",
  waiting: "rounded-[2px] border-2 border-warn",
  failed: "rounded-[1px] bg-bad rotate-45 scale-90",
};

/**
 * A dot for a chat: filled and breathing while it runs, a hollow square where it waits for a person, a diamond where it
 * failed, nothing where it rests.
 */
export function Dot({ state }: { state: ChatRowState }) {
  const look = SHAPES[state];
  if (!look) return null;
  return (
    <span role="img" aria-label={LABELS[state]} title={LABELS[state]} className={`size-2 shrink-0 ${look}`} />
  );
}

/** How a chat stands, or a ring where it has news; the label beside a ring is bold as well. */
export function Mark({ state, news }: { state: ChatRowState; news: boolean }) {
  if (!news || state === "failed" || state === "waiting") return <Dot state={state} />;
  return (
    <span
      role="img"
      aria-label="unread"
      title="unread"
      className="size-2 shrink-0 rounded-full border-2 border-accent"
    />
  );
}

/** What holds the place of something that is on its way: seen only if that takes long. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  const widths = ["w-2/3", "w-5/6", "w-1/2", "w-3/4"];
  return (
    <div role="status" aria-label={label} className="flex animate-appear flex-col gap-3 p-4">
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars that are all alike
        <div key={index} className={`h-3 rounded-sm bg-hover ${widths[index % widths.length]}`} />
      ))}
    </div>
  );
}

/** Something went wrong: what, and what can be done. */
export function Trouble({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div
      role="alert"
      className="flex items-start gap-2 rounded-md bg-bad-ground px-3 py-2 text-bad [overflow-wrap:anywhere]"
    >
      <CircleAlert size={15} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1">
        {typeof children === "string" ? <Words>{children}</Words> : children}
      </div>
      {action}
    </div>
  );
}

/** A pane with nothing in it yet: why, and how to change that. */
export function Empty({
  title,
  level = 1,
  children,
}: {
  title: string;
  level?: 1 | 2;
  children?: ReactNode;
}) {
  const Heading = `h${level}` as const;
  return (
    <div className="m-auto flex max-w-sm flex-col items-center gap-2 p-8 text-center">
      <Heading className="font-semibold text-large">{title}</Heading>
      <div className="flex flex-col items-center gap-3 text-soft">{children}</div>
    </div>
  );
}
