// Whether what a project's files name may run: shown before it is asked, and no answer is needed for reading.
import { ShieldCheck, ShieldQuestion } from "lucide-react";
import { useState } from "react";
import { useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { bytes, plural } from "../../parts/format.ts";
import { useRead } from "../../parts/read.ts";
import { Trouble } from "../../parts/status.tsx";
import type { ProjectRow, Trust } from "../../wire/index.ts";

const KINDS: Record<string, string | undefined> = {
  mcp: "tool servers",
  workflow: "workflows",
  agent: "agents",
};

const keyOf = (project: string) => `trust-later:${project}`;

export function TrustCard({ project }: { project: ProjectRow }) {
  const { data, error, again } = useRead<Trust>(`/api/projects/${project.id}/trust`);
  const [later, setLater] = useState(() => localStorage.getItem(keyOf(project.id)));
  if (error) return <Trouble action={<Button onClick={again}>Try again</Button>}>{error.message}</Trouble>;
  if (!data || data.items.length === 0) return null;
  const trusted = project.trusted && data.trusted;
  if (trusted) return <Trusted project={project} trust={data} onChange={again} />;
  const put = (digest: string | null) => {
    if (digest) localStorage.setItem(keyOf(project.id), digest);
    else localStorage.removeItem(keyOf(project.id));
    setLater(digest);
  };
  if (later === data.digest)
    return (
      <p className="flex items-center gap-2 text-faint text-small">
        <ShieldQuestion size={14} aria-hidden />
        Reading only: what the files of this folder name does not run.
        <button type="button" onClick={() => put(null)} className="text-accent underline">
          Review
        </button>
      </p>
    );
  return <Question project={project} trust={data} onLater={() => put(data.digest)} onChange={again} />;
}

interface Props {
  project: ProjectRow;
  trust: Trust;
  onChange(): void;
}

function Question({ project, trust, onLater, onChange }: Props & { onLater(): void }) {
  const { busy, trouble, act } = useTrust(project, onChange);
  return (
    <section
      aria-labelledby="trust-title"
      className="flex flex-col gap-3 rounded-lg border border-line-strong bg-raised p-4"
    >
      <div className="flex items-center gap-2">
        <ShieldQuestion size={18} className="text-warn" aria-hidden />
        <h2 id="trust-title" className="font-semibold text-large">
          May what this folder's files name run?
        </h2>
      </div>
      <p className="text-soft">
        {plural(trust.items.length, "file")} of {project.name} can name programs, such as hooks, checks and
        tool servers. Trust the folder if you know where it comes from. Without trust agents still read and
        search it; if one of these files changes, you are asked again.
      </p>
      <Items trust={trust} />
      {trouble && <Trouble>{trouble}</Trouble>}
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="quiet" onClick={onLater} disabled={busy}>
          Not now
        </Button>
        <Button
          look="primary"
          disabled={busy}
          onClick={() => act({ type: "TrustProject", digest: trust.digest })}
        >
          Trust this folder
        </Button>
      </div>
    </section>
  );
}

function Trusted({ project, trust, onChange }: Props) {
  const { busy, trouble, act } = useTrust(project, onChange);
  return (
    <div className="text-faint text-small">
      <details>
        <summary className="flex w-fit cursor-pointer list-none items-center gap-2 hover:text-ink">
          <ShieldCheck size={14} className="text-good" aria-hidden />
          Trusted: what {plural(trust.items.length, "file")} of this folder name may run
        </summary>
        <div className="mt-2 flex flex-col items-start gap-2">
          <Items trust={trust} />
          <Button onClick={() => act({ type: "WithdrawTrust" })} disabled={busy}>
            Withdraw trust
          </Button>
        </div>
      </details>
      {trouble && <Trouble>{trouble}</Trouble>}
    </div>
  );
}

function Items({ trust }: { trust: Trust }) {
  return (
    <div className="w-full">
      <ul
        aria-label="Files that name what can run"
        className="max-h-48 overflow-y-auto rounded-md bg-sunken px-3 py-1.5"
      >
        {trust.items.map((item) => (
          <li key={item.path} className="numbers flex items-baseline gap-3 py-0.5 text-small">
            <span className="min-w-0 flex-1 font-mono [overflow-wrap:anywhere]">{item.path}</span>
            <span className="text-faint">{KINDS[item.kind] ?? item.kind}</span>
            <span className="text-faint">{bytes(item.bytes)}</span>
          </li>
        ))}
      </ul>
      <p className="mt-1 text-faint text-tiny">
        Digest <span className="font-mono">{trust.digest.slice(0, 16)}…</span>
      </p>
    </div>
  );
}

function useTrust(project: ProjectRow, onChange: () => void) {
  const live = useLive();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const act = (command: { type: "TrustProject"; digest: string } | { type: "WithdrawTrust" }) => {
    setBusy(true);
    void live.command(project.stream, command).then((answer) => {
      setBusy(false);
      setTrouble(answer.ok ? null : answer.message);
      onChange();
    });
  };
  return { busy, trouble, act };
}
