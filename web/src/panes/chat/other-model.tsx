// What if another model had been asked? It is, in a fork.
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { firstLine, shown } from "../../parts/format.ts";
import { ModelPicker } from "../../parts/model-picker.tsx";
import { Trouble } from "../../parts/status.tsx";
import type { UserMessage } from "../../wire/index.ts";

interface Props {
  message: UserMessage;
  /** The model that was asked. */
  model: string;
  /** Asks; says why that failed if it did. */
  onAsk(model: string): Promise<string | null>;
  onClose(): void;
}

export function OtherModel({ message, model: before, onAsk, onClose }: Props) {
  const [model, setModel] = useState(before);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const ask = async () => {
    setBusy(true);
    const failed = await onAsk(model);
    setBusy(false);
    if (failed === null) onClose();
    else setTrouble(failed);
  };
  return (
    <Dialog open onClose={onClose} title="Ask another model">
      <div className="flex flex-col gap-3">
        <p className="truncate rounded-md bg-said px-3 py-2">{firstLine(shown(message.text))}</p>
        <p className="text-soft">
          It is asked in a fork that begins before this message. This chat stays as it is.
        </p>
        {trouble && <Trouble>{trouble}</Trouble>}
        <div className="flex items-center gap-2">
          <span className="min-w-0 rounded-md border border-line-strong">
            <ModelPicker model={model} onChange={setModel} />
          </span>
          <span className="flex-1" />
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" disabled={busy || !model} onClick={() => void ask()}>
            Ask
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
