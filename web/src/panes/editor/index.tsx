// A workflow's text: checked while it is written, saved into the project, and run.
import { Play, Save } from "lucide-react";
import { useState } from "react";
import { send } from "../../live/http.ts";
import { uuid7 } from "../../live/ids.ts";
import { useDesk, useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { reason } from "../../parts/format.ts";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { useRead } from "../../parts/read.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import { Link, useRouter } from "../../routes.tsx";
import type { RunRow, WorkflowItem, WorkflowSource } from "../../wire/index.ts";
import { TrustCard } from "../start/trust.tsx";
import { CodeEditor } from "./code.tsx";
import { FIRST, faultOf, fileName } from "./place.ts";

interface Props {
  project: string;
  /** The workflow's name, as it stands in an address; a new one where absent. */
  workflow?: string;
}

export function EditorPane({ project, workflow }: Props) {
  const name = workflow === undefined ? null : decodeURIComponent(workflow);
  const path = name && `/api/workflows/source?project=${project}&name=${encodeURIComponent(name)}`;
  const { data, error } = useRead<WorkflowSource>(path);
  usePaneTitle(name ?? "New workflow");
  if (error)
    return (
      <div className="p-4">
        <Trouble>{reason(error)}</Trouble>
      </div>
    );
  if (name === null) return <Editor key="new" project={project} source={null} />;
  if (!data) return <Skeleton lines={8} label="Loading the workflow" />;
  return <Editor key={data.path ?? data.file} project={project} source={data} />;
}

function Editor({ project, source }: { project: string; source: WorkflowSource | null }) {
  const live = useLive();
  const { go } = useRouter();
  const row = useDesk().projects.find((it) => it.id === project);
  const first = source?.text ?? FIRST;
  const [text, setText] = useState(first);
  const [file, setFile] = useState(source?.file ?? "my-workflow.js");
  const [item, setItem] = useState<WorkflowItem | null>(null);
  const [saved, setSaved] = useState({ text: source?.folder ? first : null, round: 0 });
  const [args, setArgs] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const folder = source?.folder ?? undefined;

  const check = async (text: string) => {
    const checked = await send<WorkflowItem>("POST", "/api/workflows/check", { project, folder, file, text });
    setItem(checked);
    return checked.error ? faultOf(checked.error) : null;
  };
  const save = async () => {
    setTrouble(null);
    setBusy(true);
    try {
      const name = fileName(file);
      setFile(name);
      setItem(
        await send<WorkflowItem>("PUT", "/api/workflows/source", { project, folder, file: name, text }),
      );
      setSaved(({ round }) => ({ text, round: round + 1 }));
    } catch (error) {
      setTrouble(reason(error));
    }
    setBusy(false);
  };
  const run = async () => {
    setTrouble(null);
    setBusy(true);
    try {
      const given = args.trim() === "" ? {} : { args: JSON.parse(args) as unknown };
      const session = uuid7();
      const title = item?.name ?? file;
      const opened = await live.command(`session/${session}`, { type: "OpenSession", project, title });
      if (!opened.ok) throw new Error(opened.message);
      const started = await send<RunRow>("POST", "/api/runs", { workflow: title, session, ...given });
      go({ pane: "run", project, session, run: started.id }, "beside");
    } catch (error) {
      setTrouble(reason(error));
    }
    setBusy(false);
  };
  const changed = saved.text !== text;
  const broken = item?.error ?? null;
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <Link to={{ pane: "workflows", project }} className="shrink-0 text-faint hover:text-ink">
          Workflows
        </Link>
        <span aria-hidden className="text-line-strong">
          /
        </span>
        {folder ? (
          <h1 className="min-w-0 truncate font-semibold" title={`${folder}/${file}`}>
            {file}
          </h1>
        ) : (
          <>
            <h1 className="sr-only">{source ? `Copy of ${source.file}` : "New workflow"}</h1>
            <input
              aria-label="Name of the file"
              className="w-48 min-w-0 rounded-md border border-line bg-ground px-2 py-1 font-mono text-small"
              value={file}
              onChange={(event) => setFile(event.target.value)}
            />
          </>
        )}
        <span className="flex-1" />
        <Button
          look="quiet"
          disabled={busy || !changed}
          onClick={() => void save()}
          title="Save (Ctrl or Cmd S)"
        >
          <Save size={14} aria-hidden />
          <span className="max-md:sr-only">{folder || !source ? "Save" : "Save as a copy"}</span>
        </Button>
        <Button
          look="primary"
          disabled={busy || changed || broken !== null || item === null}
          onClick={() => void run()}
          title={changed ? "Save it first" : undefined}
        >
          <Play size={14} aria-hidden />
          Run
        </Button>
      </PaneHead>
      {row && saved.round > 0 && (
        <div className="px-4 pt-3 max-md:px-2">
          <TrustCard key={saved.round} project={row} />
        </div>
      )}
      {trouble && (
        <div className="px-4 pt-3 max-md:px-2">
          <Trouble>{trouble}</Trouble>
        </div>
      )}
      <div className="min-h-0 flex-1">
        <CodeEditor
          text={first}
          label="The script"
          onChange={setText}
          onSave={() => void save()}
          check={check}
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-t px-4 py-2 max-md:flex-col max-md:items-stretch max-md:px-2">
        <p role="status" className="min-w-0 flex-1 text-small [overflow-wrap:anywhere]">
          {broken ? (
            <span className="text-bad">
              {broken.message} <span className="font-mono">{broken.place}</span>
            </span>
          ) : (
            <span className="text-soft">
              {item ? `${item.name}: ${item.description || "no description"}` : "Checking"}
              {changed && <span className="text-faint"> · not saved</span>}
            </span>
          )}
        </p>
        <label className="flex items-center gap-2 text-small">
          <span className="text-soft">Arguments</span>
          <input
            className="w-56 max-w-full rounded-md border border-line bg-ground px-2 py-1 font-mono"
            placeholder='{"target": "src"}'
            value={args}
            onChange={(event) => setArgs(event.target.value)}
          />
        </label>
      </div>
    </div>
  );
}
