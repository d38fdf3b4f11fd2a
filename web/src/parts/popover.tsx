// A small sheet beside what opened it.
import { Popover as Base } from "@base-ui/react/popover";
import { type ReactNode, useRef } from "react";

interface Props {
  /** What it is about. */
  label: string;
  /** What opens it. */
  trigger: ReactNode;
  className?: string;
  title?: string;
  /** Drawn while it is open; it can close itself. */
  children(close: () => void): ReactNode;
}

export function Popover({ label, trigger, className = "", title, children }: Props) {
  const actions = useRef<Base.Root.Actions | null>(null);
  return (
    <Base.Root actionsRef={actions}>
      <Base.Trigger className={className} title={title}>
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner side="top" align="start" sideOffset={6} className="z-50">
          <Base.Popup
            aria-label={label}
            className="max-h-[60vh] w-72 max-w-[calc(100vw-1rem)] overflow-y-auto rounded-md border border-line bg-raised p-3 text-base text-ink shadow-pop outline-none"
          >
            {children(() => actions.current?.close())}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
