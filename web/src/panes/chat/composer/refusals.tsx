// What the server refused, with its reason, near to where it was asked for.
import { X } from "lucide-react";
import { useLive, useRefusals } from "../../../live/react.tsx";
import { Trouble } from "../../../parts/status.tsx";

export function Refusals({ stream }: { stream: string }) {
  const live = useLive();
  const refusals = useRefusals().filter((refusal) => refusal.outgoing.stream === stream);
  return refusals.map((refusal) => (
    <Dismissable key={refusal.outgoing.id} onDismiss={() => live.dismiss(refusal.outgoing.id)}>
      {refusal.message}
    </Dismissable>
  ));
}

/** Something went wrong; it stays until one has read it. */
export function Dismissable({ children, onDismiss }: { children: string; onDismiss(): void }) {
  return (
    <div className="mb-1.5">
      <Trouble
        action={
          <button
            type="button"
            aria-label="Dismiss"
            onClick={onDismiss}
            className="inline-flex size-5 shrink-0 items-center justify-center rounded-sm hover:bg-hover"
          >
            <X size={13} aria-hidden />
          </button>
        }
      >
        {children}
      </Trouble>
    </div>
  );
}
