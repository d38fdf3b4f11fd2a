// The form that runs a workflow: its arguments, and who answers, how much it may take, and whether answers are reused.
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { send } from "../../live/http.ts";
import { uuid7 } from "../../live/ids.ts";
import { useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { reason } from "../../parts/format.ts";
import { ModelPicker } from "../../parts/model-picker.tsx";
import { useProviders } from "../../parts/models.ts";
import { Trouble } from "../../parts/status.tsx";
import { useRouter } from "../../routes.tsx";
import type { NewRun, RunRow, WorkflowItem } from "../../wire/index.ts";
import { argumentsOf, type Field, fieldsOf, limitOf, type Typed } from "./arguments.ts";

const BOX = "w-full rounded-md border border-line bg-ground px-2 py-1.5";

export function Form({ item, project }: { item: WorkflowItem; project: string }) {
  const live = useLive();
  const { go } = useRouter();
  const fields = fieldsOf(item.args);
  const [typed, setTyped] = useState<Typed>({});
  const [json, setJson] = useState("");
  const [model, setModel] = useState<string | null>(null);
  const [budget, setBudget] = useState("");
  const [minutes, setMinutes] = useState("");
  const [anew, setAnew] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);

  const wish = (session: string): NewRun => {
    const args = fields ? argumentsOf(fields, typed) : parsed(json);
    const [tokens, time] = [limitOf("The budget", budget), limitOf("The time", minutes)];
    return {
      workflow: item.name,
      session,
      ...(args === undefined ? {} : { args: args as NonNullable<NewRun["args"]> }),
      ...(model === null ? {} : { model }),
      ...(tokens === undefined ? {} : { budget: tokens }),
      ...(time === undefined ? {} : { time_limit_ms: time * 60_000 }),
      ...(anew ? { cache: false } : {}),
    };
  };
  const start = async () => {
    setTrouble(null);
    setBusy(true);
    try {
      const session = uuid7();
      const body = wish(session);
      const opened = await live.command(`session/${session}`, {
        type: "OpenSession",
        project,
        title: item.name,
      });
      if (!opened.ok) throw new Error(opened.message);
      const run = await send<RunRow>("POST", "/api/runs", body);
      go({ pane: "run", project, session, run: run.id });
    } catch (error) {
      setTrouble(reason(error));
      setBusy(false);
    }
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-3 border-line border-t px-3 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void start();
      }}
    >
      {fields?.map((field, index) => (
        <Argument
          key={field.name}
          field={field}
          first={index === 0}
          typed={typed[field.name] ?? field.initial}
          onType={(text) => setTyped({ ...typed, [field.name]: text })}
        />
      ))}
      {!fields && (
        <Labelled name="Arguments" words="as JSON, or nothing">
          <Lines mono value={json} rows={2} onType={setJson} first />
        </Labelled>
      )}
      <details className="group">
        <summary className="cursor-pointer text-soft hover:text-ink">Model and limits</summary>
        <div className="mt-2 grid gap-3 md:grid-cols-2">
          <div className="flex flex-col gap-1">
            <span>
              Model <span className="text-faint text-small">of agents for which it names none</span>
            </span>
            <Model model={model} onChange={setModel} />
          </div>
          <label className="flex min-h-8 items-center gap-2 self-end">
            <input
              type="checkbox"
              className="accent-accent"
              checked={anew}
              onChange={(event) => setAnew(event.target.checked)}
            />
            Ask again what was answered before
          </label>
          <Labelled name="Budget" words="output tokens; no limit where empty">
            <input
              className={BOX}
              inputMode="numeric"
              value={budget}
              onChange={(event) => setBudget(event.target.value)}
            />
          </Labelled>
          <Labelled name="Time" words="minutes of work; waiting does not count">
            <input
              className={BOX}
              inputMode="numeric"
              value={minutes}
              onChange={(event) => setMinutes(event.target.value)}
            />
          </Labelled>
        </div>
      </details>
      {trouble && <Trouble>{trouble}</Trouble>}
      <div>
        <Button look="primary" type="submit" disabled={busy}>
          {busy ? "Starting" : "Run it"}
        </Button>
      </div>
    </form>
  );
}

function parsed(json: string): unknown {
  if (json.trim() === "") return undefined;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Error(`The arguments are not JSON: ${reason(error)}. A text alone is "text".`);
  }
}

/** The server's default, until another is chosen. */
function Model({ model, onChange }: { model: string | null; onChange(model: string): void }) {
  const { data } = useProviders();
  return (
    <span className="-ml-1.5 flex">
      <ModelPicker model={model ?? data?.default_model ?? ""} onChange={onChange} />
    </span>
  );
}

function Labelled({ name, words, children }: { name: string; words: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what it is given
    <label className="flex flex-col gap-1">
      <span>
        {name} <span className="text-faint text-small">{words}</span>
      </span>
      {children}
    </label>
  );
}

interface ArgumentProps {
  field: Field;
  first: boolean;
  typed: string;
  onType(text: string): void;
}

function Argument({ field, first, typed, onType }: ArgumentProps) {
  const { name, words, required, kind, choices } = field;
  const said = [words, required ? "needed" : "", kind === "json" ? "as JSON" : ""].filter(
    (part) => part !== "",
  );
  if (kind === "flag")
    return (
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          className="accent-accent"
          checked={typed === "true"}
          onChange={(event) => onType(String(event.target.checked))}
        />
        {name} <span className="text-faint text-small">{said.join(" · ")}</span>
      </label>
    );
  return (
    <Labelled name={name} words={said.join(" · ")}>
      {kind === "choice" ? (
        <select className={BOX} value={typed} onChange={(event) => onType(event.target.value)}>
          <option value="">{required ? "choose one" : "not given"}</option>
          {choices.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {typeof choice === "string" ? choice : JSON.stringify(choice)}
            </option>
          ))}
        </select>
      ) : kind === "number" ? (
        <input
          className={BOX}
          inputMode="decimal"
          value={typed}
          onChange={(event) => onType(event.target.value)}
        />
      ) : (
        <Lines mono={kind === "json"} value={typed} rows={1} onType={onType} first={first} />
      )}
    </Labelled>
  );
}

interface LinesProps {
  mono: boolean;
  value: string;
  rows: number;
  onType(text: string): void;
  first: boolean;
}

/** A text of as many lines as it has. Enter runs the workflow, as in the chat it sends; in JSON it does with Ctrl or ⌘. */
function Lines({ mono, value, rows, onType, first }: LinesProps) {
  const enter = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    if (mono && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <textarea
      // biome-ignore lint/a11y/noAutofocus: whoever opens the form types next
      autoFocus={first}
      className={`${BOX} field-sizing-content max-h-60 resize-none ${mono ? "font-mono" : ""}`}
      rows={rows}
      value={value}
      onKeyDown={enter}
      onChange={(event) => onType(event.target.value)}
    />
  );
}
