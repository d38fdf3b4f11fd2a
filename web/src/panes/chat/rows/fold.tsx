// A line that opens in place.
import { ChevronRight } from "lucide-react";
import { type ReactNode, useId } from "react";

interface Props {
  open: boolean;
  onToggle(): void;
  icon: ReactNode;
  summary: ReactNode;
  /** What stands at the right end of the line. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Fold({ open, onToggle, icon, summary, aside, children }: Props) {
  const id = useId();
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="group/fold -mx-1.5 flex min-h-7 w-[calc(100%+0.75rem)] items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover max-md:min-h-9"
      >
        <span className="flex size-4 shrink-0 items-center justify-center text-faint">{icon}</span>
        <span className="min-w-0 truncate">{summary}</span>
        <ChevronRight
          size={13}
          aria-hidden
          className={`shrink-0 text-faint opacity-0 transition-transform group-hover/fold:opacity-100 group-focus-visible/fold:opacity-100 ${open ? "rotate-90 opacity-100" : ""}`}
        />
        {aside && <span className="ml-auto flex min-w-0 shrink-0 pl-2">{aside}</span>}
      </button>
      <div id={id} hidden={!open} className="mt-1 mb-2 ml-6 max-md:ml-2">
        {open && children}
      </div>
    </div>
  );
}
