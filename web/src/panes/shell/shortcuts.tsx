// The list of shortcuts: those of the pane in use, and those that hold everywhere.
import { useId } from "react";
import { type Action, offered } from "../../parts/actions.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Keys } from "../../parts/kbd.tsx";

interface Props {
  onClose(): void;
  /** The pane in use. */
  pane: number;
}

export function Shortcuts({ onClose, pane }: Props) {
  return (
    <Dialog open onClose={onClose} title="Shortcuts">
      <List pane={pane} />
    </Dialog>
  );
}

function List({ pane }: { pane: number }) {
  const { here, everywhere } = offered(pane);
  return (
    <div className="flex flex-col gap-4">
      <Group title="In this pane" actions={here} />
      <Group title="Everywhere" actions={everywhere} />
    </div>
  );
}

function Group({ title, actions }: { title: string; actions: Action[] }) {
  const id = useId();
  const withKeys = actions.flatMap(({ id, label, keys }) => (keys ? [{ id, label, keys }] : []));
  if (withKeys.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1 font-semibold text-faint text-small">
        {title}
      </h3>
      <dl className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-1.5">
        {withKeys.map(({ id, label, keys }) => (
          <div key={id} className="contents">
            <dt>{label}</dt>
            <dd className="justify-self-end">
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
