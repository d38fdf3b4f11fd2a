// Commands that the server refused, with its reason, near to where they were given.
import { X } from "lucide-react";
import { useLive, useRefusals } from "../../../live/react.tsx";
import { Trouble } from "../../../parts/status.tsx";

export function Refusals({ stream }: { stream: string }) {
  const live = useLive();
  const refusals = useRefusals().filter((refusal) => refusal.outgoing.stream === stream);
  return refusals.map((refusal) => (
    <div key={refusal.outgoing.id} className="mb-1.5">
      <Trouble
        action={
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => live.dismiss(refusal.outgoing.id)}
            className="inline-flex size-5 shrink-0 items-center justify-center rounded-sm hover:bg-hover"
          >
            <X size={13} aria-hidden />
          </button>
        }
      >
        {refusal.message}
      </Trouble>
    </div>
  ));
}
