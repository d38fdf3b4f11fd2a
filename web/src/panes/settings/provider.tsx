// A provider of models: whether it can be asked, its key, a trial, and what its models can do.
import { CircleCheck, CircleDashed, KeyRound } from "lucide-react";
import { useId, useState } from "react";
import { send } from "../../live/http.ts";
import { useConnection } from "../../live/react.tsx";
import { Confirm } from "../../parts/ask.tsx";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { reason } from "../../parts/format.ts";
import { OFFLINE } from "../../parts/models.ts";
import { Trouble } from "../../parts/status.tsx";
import { Words } from "../../parts/words.tsx";
import type { Provider, Trial } from "../../wire/index.ts";
import { ModelTable } from "./model-table.tsx";

interface Props {
  provider: Provider;
  onChange(): void;
}

/** How a trial stands. */
type Tried = "no" | "asking" | Trial;

const pathOf = (provider: Provider) => `/api/providers/${encodeURIComponent(provider.id)}`;

export function ProviderLine({ provider, onChange }: Props) {
  const admin = useConnection().role === "admin";
  const [asking, setAsking] = useState<"key" | "forget" | null>(null);
  const [tried, setTried] = useState<Tried>("no");
  const Icon = provider.configured ? CircleCheck : CircleDashed;
  const { key } = provider;
  const tryOut = () => {
    setTried("asking");
    send<Trial>("POST", `${pathOf(provider)}/test`, {}).then(setTried, (error) =>
      setTried({ ok: false, message: reason(error) }),
    );
  };
  return (
    <li className="flex gap-2.5 py-3" data-provider={provider.id}>
      <Icon
        size={16}
        className={`mt-1.5 shrink-0 ${provider.configured ? "text-good" : "text-faint"}`}
        aria-hidden
      />
      <div className="flex min-w-0 flex-1 flex-col gap-1.5">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <h3 className="font-medium leading-7">{provider.label}</h3>
          <span className="text-faint text-small">{provider.configured ? "ready" : "not set up"}</span>
          {admin && provider.id !== OFFLINE && (
            <span className="ml-auto flex flex-wrap gap-1">
              {provider.configured && (
                <Button look="quiet" onClick={tryOut} disabled={tried === "asking"}>
                  {tried === "asking" ? "Asking" : "Test"}
                </Button>
              )}
              {key?.changeable && key.origin && (
                <Button look="quiet" onClick={() => setAsking("forget")}>
                  Forget the key
                </Button>
              )}
              {key?.changeable && (
                <Button look={key.needed ? "plain" : "quiet"} onClick={() => setAsking("key")}>
                  <KeyRound size={14} aria-hidden />
                  {key.origin ? "Replace the key" : "Set a key"}
                </Button>
              )}
            </span>
          )}
        </div>
        {provider.hint && (
          <p className="text-soft text-small [overflow-wrap:anywhere]">
            <Words>{provider.hint}</Words>
          </p>
        )}
        {(provider.base_url || key?.origin) && (
          <p className="text-faint text-small [overflow-wrap:anywhere]">
            {provider.base_url && <span className="font-mono">{provider.base_url}</span>}
            {key?.origin && `${provider.base_url ? " · " : ""}key: ${key.origin}`}
          </p>
        )}
        {typeof tried === "object" && <TrialLine trial={tried} />}
        {provider.configured && <ModelTable provider={provider} />}
      </div>
      {asking === "key" && (
        <SetKey
          provider={provider}
          onClose={() => setAsking(null)}
          onSet={() => {
            setAsking(null);
            onChange();
            tryOut();
          }}
        />
      )}
      {asking === "forget" && (
        <Confirm
          title={`Forget the key of ${provider.label}?`}
          text="Chats that ask its models fail until another key is set."
          action="Forget the key"
          onClose={() => setAsking(null)}
          act={() =>
            send("DELETE", `${pathOf(provider)}/key`).then(() => {
              setTried("no");
              onChange();
              return null;
            }, reason)
          }
        />
      )}
    </li>
  );
}

function TrialLine({ trial }: { trial: Trial }) {
  if (!trial.ok) return <Trouble>{trial.message}</Trouble>;
  return (
    <p role="status" className="text-good text-small">
      <Words>{trial.message}</Words>
    </p>
  );
}

function SetKey({ provider, onClose, onSet }: { provider: Provider; onClose(): void; onSet(): void }) {
  const field = useId();
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const save = () => {
    setBusy(true);
    setTrouble(null);
    send("PUT", `${pathOf(provider)}/key`, { key: key.trim() })
      .then(onSet, (error) => setTrouble(reason(error)))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog open onClose={onClose} title={`The key of ${provider.label}`}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() && !busy) save();
        }}
      >
        <label htmlFor={field} className="text-soft">
          It is kept on the server's machine, outside the log, and never shown again.
        </label>
        <input
          id={field}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={(event) => setKey(event.target.value)}
          className="h-9 rounded-md border border-line-strong bg-ground px-2 font-mono text-code"
        />
        {trouble && <Trouble>{trouble}</Trouble>}
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={busy || !key.trim()}>
            Set and test
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
