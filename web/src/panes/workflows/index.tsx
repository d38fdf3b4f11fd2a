// The workflows of a project: what there is, a form to run one, and the runs so far.
import { Pencil, Play, Plus, Workflow } from "lucide-react";
import { useState } from "react";
import { useDesk, useList, useWorkflowsChanged } from "../../live/react.tsx";
import { Button, buttonClass, iconButtonClass } from "../../parts/button.tsx";
import { reason } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { useRead } from "../../parts/read.ts";
import { Empty, Skeleton, Trouble } from "../../parts/status.tsx";
import { Link } from "../../routes.tsx";
import type { WorkflowItem, Workflows } from "../../wire/index.ts";
import { TrustCard } from "../start/trust.tsx";
import { Form } from "./form.tsx";
import { Runs } from "./runs.tsx";

export function WorkflowsPane({ project }: { project: string }) {
  const { projects, known } = useDesk();
  const row = projects.find((it) => it.id === project);
  const { data, error, again } = useRead<Workflows>(`/api/workflows?project=${project}`);
  const runs = useList("runs").rows.filter((run) => run.project === project);
  const [chosen, choose] = useState<string | null>(null);
  useWorkflowsChanged(project, again);
  usePaneTitle(row ? `Workflows of ${row.name}` : "Workflows");
  if (!known) return <Skeleton lines={6} />;
  if (!row)
    return (
      <Empty title="There is no such project">
        <p>It may have been removed. Add its folder again to see its workflows.</p>
      </Empty>
    );
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <Link
          to={{ pane: "project", project }}
          className="max-w-40 shrink-0 truncate text-faint hover:text-ink"
        >
          {row.name}
        </Link>
        <span aria-hidden className="text-line-strong">
          /
        </span>
        <h1 className="min-w-0 truncate font-semibold">Workflows</h1>
        <span className="flex-1" />
        <Link to={{ pane: "editor", project }} className={buttonClass("quiet")}>
          <Plus size={14} aria-hidden />
          New workflow
        </Link>
      </PaneHead>
      <div className="mx-auto flex min-h-0 w-full max-w-3xl flex-1 flex-col gap-4 overflow-y-auto p-4 max-md:p-2">
        <TrustCard project={row} />
        {error && <Trouble action={<Button onClick={again}>Try again</Button>}>{reason(error)}</Trouble>}
        {!data && !error && <Skeleton lines={4} label="Looking for workflows" />}
        {data && (
          <ul className="flex flex-col gap-1">
            {data.items.map((item) => (
              <Item
                key={`${item.source} ${item.path ?? item.name}`}
                item={item}
                project={project}
                open={chosen === (item.path ?? item.name)}
                onOpen={(open) => choose(open ? (item.path ?? item.name) : null)}
              />
            ))}
          </ul>
        )}
        <h2 className="mt-2 font-semibold">Runs</h2>
        {runs.length === 0 ? (
          <p className="text-soft">Nothing has run here yet. Choose a workflow above.</p>
        ) : (
          <Runs runs={runs} />
        )}
      </div>
    </div>
  );
}

const SOURCES = { project: "project", user: "yours", built_in: "built in" } as const;

interface ItemProps {
  item: WorkflowItem;
  project: string;
  open: boolean;
  onOpen(open: boolean): void;
}

function Item({ item, project, open, onOpen }: ItemProps) {
  const runs = !item.error && !item.hidden;
  return (
    <li className="rounded-md border border-line">
      <div className="flex items-start gap-3 px-3 py-2">
        <Workflow size={15} className="mt-0.5 shrink-0 text-faint" aria-hidden />
        <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
          <span className="font-medium">{item.name}</span>{" "}
          <span className="text-faint text-small">{SOURCES[item.source]}</span>
          <p className="text-soft">
            {item.hidden ? "Another one of this name stands before it." : item.description}
          </p>
          {item.error && (
            <p className="text-bad text-small">
              {item.error.message}
              {item.error.place && <span className="font-mono"> {item.error.place}</span>}
            </p>
          )}
        </div>
        <Link
          to={{ pane: "editor", project, workflow: encodeURIComponent(nameOf(item)) }}
          title={item.source === "built_in" ? `Read ${item.name}` : `Edit ${item.name}`}
          className={iconButtonClass}
        >
          <Pencil
            size={14}
            aria-label={item.source === "built_in" ? `Read ${item.name}` : `Edit ${item.name}`}
          />
        </Link>
        {runs && (
          <Button onClick={() => onOpen(!open)} aria-expanded={open} aria-label={`Run ${item.name}`}>
            <Play size={14} aria-hidden />
            Run
          </Button>
        )}
      </div>
      {open && runs && <Form item={item} project={project} />}
    </li>
  );
}

/** By this name its text is asked for: one that stands behind another of its name is found by its file. */
function nameOf(item: WorkflowItem): string {
  if (item.source === "built_in") return `builtin:${item.name}`;
  return item.hidden ? (item.path ?? item.name) : item.name;
}
