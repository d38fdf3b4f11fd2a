// What can be done with a message: one menu for all of them, which opens at the button of one.
import { Menu as Base } from "@base-ui/react/menu";
import { Ellipsis } from "lucide-react";
import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { type Action, MenuPopup } from "../../../parts/menu.tsx";

type Open = (button: HTMLElement, actions: Action[]) => void;

const MenuContext = createContext<Open | null>(null);

/** Holds the menu of all messages within. */
export function RowMenu({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<{ button: HTMLElement; actions: Action[] } | null>(null);
  const [open, setOpen] = useState(false);
  const show: Open = useCallback((button, actions) => {
    setShown({ button, actions });
    setOpen(true);
  }, []);
  return (
    <MenuContext value={show}>
      {children}
      <Base.Root open={open} onOpenChange={setOpen}>
        <Base.Portal>
          <Base.Positioner
            anchor={shown?.button ?? null}
            sideOffset={4}
            align="end"
            className="z-50 outline-none"
          >
            <MenuPopup actions={shown?.actions ?? []} finalFocus={() => shown?.button ?? true} />
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </MenuContext>
  );
}

interface Props {
  label: string;
  /** What can be done, asked for when the menu opens. */
  actions(): Action[];
  className?: string;
}

/** The button of a message. It is seen when one comes near to it, and always where there is no pointer. */
export function RowMenuButton({ label, actions, className = "" }: Props) {
  const open = use(MenuContext);
  if (!open) return null;
  return (
    <button
      type="button"
      aria-haspopup="menu"
      aria-label={label}
      title={label}
      onClick={(event) => open(event.currentTarget, actions())}
      className={`inline-flex size-6 shrink-0 items-center justify-center rounded-md text-faint opacity-0 hover:bg-hover hover:text-ink focus-visible:opacity-100 group-focus-within/row:opacity-100 group-hover/row:opacity-100 max-md:size-8 pointer-coarse:opacity-100 ${className}`}
    >
      <Ellipsis size={14} aria-hidden />
    </button>
  );
}
