// Menus of actions: behind a button, and under the right mouse button.
import { ContextMenu as Context } from "@base-ui/react/context-menu";
import { Menu as Base } from "@base-ui/react/menu";
import { Ellipsis, type LucideIcon } from "lucide-react";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { iconButtonClass } from "./button.tsx";
import { Keys } from "./kbd.tsx";

export interface Action {
  label: string;
  icon: LucideIcon;
  run(): void;
  /** Its shortcut, as `Alt+N`. */
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
}

/** Menus stand in the main part of the page: what reads a page by its landmarks finds them there. */
const ground = () => document.getElementById("pane");

interface Props {
  label: string;
  actions: Action[];
  icon?: LucideIcon;
  className?: string;
}

export function Menu({ label, actions, icon: Icon = Ellipsis, className = "" }: Props) {
  return (
    <Base.Root>
      <Base.Trigger className={`${iconButtonClass} ${className}`} aria-label={label} title={label}>
        <Icon size={15} aria-hidden />
      </Base.Trigger>
      <Base.Portal container={ground()}>
        <Base.Positioner sideOffset={4} align="end" className="z-50 outline-none">
          <MenuPopup actions={actions} />
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** The same under the right mouse button, a long touch, or the menu key, for whatever it is drawn as. */
export function WithMenu(props: { actions: Action[]; render: ReactElement; children: ReactNode }) {
  return (
    <Context.Root>
      <Context.Trigger render={props.render as ComponentProps<typeof Context.Trigger>["render"] & {}}>
        {props.children}
      </Context.Trigger>
      <Context.Portal container={ground()}>
        <Context.Positioner className="z-50 outline-none">
          <MenuPopup actions={props.actions} />
        </Context.Positioner>
      </Context.Portal>
    </Context.Root>
  );
}

interface PopupProps {
  actions: Action[];
  /** What has the focus afterwards, where that is not what opened it. */
  finalFocus?: ComponentProps<typeof Base.Popup>["finalFocus"];
}

export function MenuPopup({ actions, finalFocus }: PopupProps) {
  return (
    <Base.Popup
      {...(finalFocus === undefined ? {} : { finalFocus })}
      className="min-w-44 rounded-md border border-line bg-raised p-1 text-ink shadow-pop outline-none"
    >
      {actions.map(({ label, icon: Icon, run, keys, danger, disabled = false }) => (
        <Base.Item
          key={label}
          onClick={run}
          disabled={disabled}
          className={`flex h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 outline-none data-disabled:text-faint data-highlighted:bg-hover ${danger ? "text-bad" : ""}`}
        >
          <Icon size={14} aria-hidden />
          <span className="flex-1">{label}</span>
          {keys && <Keys keys={keys} />}
        </Base.Item>
      ))}
    </Base.Popup>
  );
}
