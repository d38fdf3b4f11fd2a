// A model call that failed: why, and when it is tried again.
import { CircleAlert, RotateCw } from "lucide-react";
import { useNow } from "../../../parts/clock.tsx";
import { seconds } from "../../../parts/format.ts";
import { Words } from "../../../parts/words.tsx";
import type { CallError, Micros } from "../../../wire/index.ts";

export function Failure({ error, retryAt }: { error: CallError; retryAt: Micros | null }) {
  const look = retryAt === null ? "bg-bad-ground text-bad" : "bg-warn-ground text-warn";
  const Icon = retryAt === null ? CircleAlert : RotateCw;
  return (
    <div className={`flex items-start gap-2 rounded-md px-3 py-2 ${look}`}>
      <Icon size={15} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="[overflow-wrap:anywhere]">
          <Words>{error.message}</Words>
        </p>
        <p className="numbers text-small">
          <span className="font-mono">{error.code}</span>
          {retryAt !== null && <Countdown to={retryAt} />}
        </p>
      </div>
    </div>
  );
}

function Countdown({ to }: { to: Micros }) {
  const left = to / 1_000 - useNow(250);
  return <span> · {left > 0 ? `tried again in ${seconds(left + 999)}` : "trying again"}</span>;
}
