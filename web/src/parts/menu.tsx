// A menu of actions behind a button.
import { Menu as Base } from "@base-ui/react/menu";
import { Ellipsis, type LucideIcon } from "lucide-react";
import { iconButtonClass } from "./button.tsx";

export interface Action {
  label: string;
  icon: LucideIcon;
  run(): void;
  danger?: boolean;
}

export function Menu({
  label,
  actions,
  className = "",
}: {
  label: string;
  actions: Action[];
  className?: string;
}) {
  return (
    <Base.Root>
      <Base.Trigger className={`${iconButtonClass} ${className}`} aria-label={label} title={label}>
        <Ellipsis size={15} aria-hidden />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-50 outline-none">
          <Base.Popup className="min-w-40 rounded-md border border-line bg-raised p-1 text-ink shadow-pop outline-none">
            {actions.map(({ label: text, icon: Icon, run, danger }) => (
              <Base.Item
                key={text}
                onClick={run}
                className={`flex h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover ${danger ? "text-bad" : ""}`}
              >
                <Icon size={14} aria-hidden />
                {text}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
