// An image as large as the window allows.
import { Dialog as Base } from "@base-ui/react/dialog";
import { ExternalLink, X } from "lucide-react";
import type { ReactNode } from "react";
import { iconButtonClass } from "./button.tsx";

interface Props {
  name: string;
  address: string;
  onClose(): void;
  /** The arrow keys lead to the next, or the one before. */
  onStep(by: 1 | -1): void;
  /** What stands beside the name. */
  children: ReactNode;
}

export function Lightbox({ name, address, onClose, onStep, children }: Props) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-veil" />
        <Base.Popup
          onKeyDown={(event) => {
            if (event.key === "ArrowLeft") onStep(-1);
            if (event.key === "ArrowRight") onStep(1);
          }}
          className="fixed inset-4 z-50 flex flex-col overflow-hidden rounded-lg border border-line bg-raised text-ink shadow-pop max-md:inset-0 max-md:rounded-none"
        >
          <div className="flex h-11 shrink-0 items-center gap-1 border-line border-b px-3">
            <Base.Title className="min-w-0 flex-1 truncate font-semibold">{name}</Base.Title>
            {children}
            <a
              href={address}
              target="_blank"
              rel="noreferrer"
              title="Open by itself"
              className={iconButtonClass}
            >
              <ExternalLink size={15} aria-label="Open by itself" />
            </a>
            <Base.Close className={iconButtonClass} aria-label="Close">
              <X size={16} aria-hidden />
            </Base.Close>
          </div>
          <div className="flex min-h-0 flex-1 items-center justify-center bg-sunken p-4 max-md:p-1">
            <img src={address} alt={name} className="max-h-full max-w-full object-contain" />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
