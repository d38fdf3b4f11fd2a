// API keys: who may sign in, and as what. A key is shown once, when it is made.
import { Copy, KeyRound, Plus } from "lucide-react";
import { useId, useState } from "react";
import { send } from "../../live/http.ts";
import { useConnection } from "../../live/react.tsx";
import { Confirm } from "../../parts/ask.tsx";
import { Button } from "../../parts/button.tsx";
import { Ago } from "../../parts/clock.tsx";
import { useCopy } from "../../parts/copy.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { reason } from "../../parts/format.ts";
import { useRead } from "../../parts/read.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import type { KeyInfo, Keys, MadeKey, Role } from "../../wire/index.ts";
import { Section } from "./section.tsx";

const ROLES: { role: Role; does: string }[] = [
  { role: "viewer", does: "reads" },
  { role: "operator", does: "reads and acts: asks, stops, archives" },
  { role: "admin", does: "also makes keys, trusts folders, sets up models" },
];

export function KeySettings() {
  const { role, user } = useConnection();
  const admin = role === "admin";
  const { data, error, again } = useRead<Keys>(admin ? "/api/keys" : null);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<KeyInfo | null>(null);
  const now = data?.items.filter((key) => !key.revoked_at) ?? [];
  const past = data?.items.filter((key) => key.revoked_at) ?? [];
  return (
    <Section
      id="keys"
      title="API keys"
      about="With a key a browser signs in, and a program asks. What each one does stands in the log under its name."
    >
      {!admin && role && <p className="text-soft">An admin makes and revokes keys; yours is for a {role}.</p>}
      {error && !data && (
        <Trouble action={<Button onClick={again}>Try again</Button>}>{error.message}</Trouble>
      )}
      {admin && !data && !error && <Skeleton lines={2} label="Loading keys" />}
      {now.length > 0 && (
        <ul className="divide-y divide-line border-line border-y">
          {now.map((key) => (
            <li key={key.name} className="flex min-h-11 flex-wrap items-center gap-x-3 py-1">
              <KeyRound size={15} className="text-faint" aria-hidden />
              <span className="min-w-0 flex-1 truncate font-medium">
                {key.name}
                {user?.id === key.name && (
                  <span className="ml-2 font-normal text-faint text-small">yours</span>
                )}
              </span>
              <span className="text-soft text-small">{key.role}</span>
              <span className="text-faint text-small">
                made <Ago at={key.created_at} />
              </span>
              <Button look="quiet" onClick={() => setRevoking(key)}>
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      {past.length > 0 && (
        <p className="text-faint text-small">Revoked: {past.map((key) => key.name).join(", ")}</p>
      )}
      {admin && (
        <Button className="self-start" onClick={() => setMaking(true)}>
          <Plus size={15} aria-hidden />
          Make a key
        </Button>
      )}
      {making && (
        <Make
          onMade={again}
          onClose={() => {
            setMaking(false);
            again();
          }}
        />
      )}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          text={
            user?.id === revoking.name
              ? "It is the key with which you are signed in: this page is signed out at once. Keep another at hand."
              : "Whoever uses it is signed out at once. It cannot be taken back, and its name not be used again."
          }
          action="Revoke"
          onClose={() => setRevoking(null)}
          act={() =>
            send("DELETE", `/api/keys/${revoking.name}`).then(() => {
              again();
              return null;
            }, reason)
          }
        />
      )}
    </Section>
  );
}

function Make({ onMade, onClose }: { onMade(): void; onClose(): void }) {
  const field = useId();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [made, setMade] = useState<MadeKey | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (made) return <Made made={made} onClose={onClose} />;
  const make = () => {
    setBusy(true);
    setTrouble(null);
    send<MadeKey>("POST", "/api/keys", { name: name.trim(), role })
      .then(
        (key) => {
          setMade(key);
          onMade();
        },
        (error) => setTrouble(reason(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Dialog open onClose={onClose} title="Make a key">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() && !busy) make();
        }}
      >
        <div className="flex flex-col gap-1">
          <label htmlFor={field} className="font-medium">
            Name
          </label>
          <input
            id={field}
            value={name}
            maxLength={40}
            autoComplete="off"
            spellCheck={false}
            placeholder="laptop, ci, …"
            onChange={(event) => setName(event.target.value)}
            className="h-9 rounded-md border border-line-strong bg-ground px-2"
          />
          <p className="text-faint text-small">Lower-case letters, digits and hyphens; never used before.</p>
        </div>
        <fieldset>
          <legend className="mb-1 font-medium">What it may do</legend>
          {ROLES.map((it) => (
            <label key={it.role} className="flex min-h-8 cursor-pointer items-baseline gap-2 py-1">
              <input
                type="radio"
                name="role"
                checked={role === it.role}
                onChange={() => setRole(it.role)}
                className="accent-accent"
              />
              <span className="w-16 shrink-0">{it.role}</span>
              <span className="text-soft text-small">{it.does}</span>
            </label>
          ))}
        </fieldset>
        {trouble && <Trouble>{trouble}</Trouble>}
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={busy || !name.trim()}>
            Make the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ made, onClose }: { made: MadeKey; onClose(): void }) {
  const [copied, copy] = useCopy();
  const field = useId();
  return (
    <Dialog open onClose={onClose} title={`The key ${made.name}`}>
      <div className="flex flex-col gap-3">
        <label htmlFor={field} className="text-soft">
          Copy it now: it is shown this once, and kept nowhere but as a hash.
        </label>
        <input
          id={field}
          readOnly
          value={made.key}
          onFocus={(event) => event.target.select()}
          className="h-9 rounded-md border border-line-strong bg-sunken px-2 font-mono text-code"
        />
        <div className="flex justify-end gap-2">
          <Button onClick={() => copy(made.key)}>
            <Copy size={14} aria-hidden />
            {copied ? "Copied" : "Copy"}
          </Button>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
