// Signed out: how to come in.
import { useEffect, useId, useState } from "react";
import { send } from "../../live/http.ts";
import { useLive } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { Trouble } from "../../parts/status.tsx";

const REFUSED =
  "The key in the address is not known here, or was revoked. The server prints an address with a good one at every start.";

export function SignIn() {
  const live = useLive();
  const field = useId();
  const [key, setKey] = useState("");
  // The server takes a good key out of the address: one that still stands there was refused.
  const [trouble, setTrouble] = useState<string | null>(() =>
    new URLSearchParams(location.search).has("key") ? REFUSED : null,
  );
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (new URLSearchParams(location.search).has("key")) history.replaceState(null, "", location.pathname);
  }, []);
  const submit = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await send("POST", "/api/sign-in", { key: keyIn(key) });
      live.nudge();
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="flex w-full max-w-md flex-col gap-4">
        <div className="flex items-center gap-3">
          <img src="/icon.svg" alt="" className="size-8" />
          <h1 className="font-semibold text-title">Reenact</h1>
        </div>
        <p className="text-soft">
          Open the address that <code className="font-mono text-code text-ink">reenact serve</code> printed
          when it started: it carries the key and signs you in. Or paste the key here; it also stands in the
          file <code className="font-mono text-code text-ink">key</code> of the data folder.
        </p>
        <form
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim() && !busy) void submit();
          }}
        >
          <label htmlFor={field} className="font-medium">
            Key
          </label>
          <div className="flex gap-2">
            <input
              id={field}
              type="password"
              autoComplete="current-password"
              value={key}
              onChange={(event) => setKey(event.target.value)}
              className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-raised px-2 font-mono text-code"
            />
            <Button type="submit" look="primary" disabled={busy || !key.trim()}>
              Sign in
            </Button>
          </div>
        </form>
        {trouble && <Trouble>{trouble}</Trouble>}
      </div>
    </main>
  );
}

/** The key in what was pasted, which may be the whole address. */
export function keyIn(pasted: string): string {
  const text = pasted.trim();
  return /[?&]key=([^&\s#]+)/.exec(text)?.[1] ?? text;
}
