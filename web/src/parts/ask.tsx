// Dialogs that ask one thing: a new name, or whether one is sure.
import { useId, useState } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./status.tsx";

/** What came of an answer: null where all went well, else the reason why not. */
export type Outcome = Promise<string | null>;

interface RenameProps {
  title: string;
  name: string;
  onClose(): void;
  save(name: string): Outcome;
}

export function Rename({ title, name, onClose, save }: RenameProps) {
  const field = useId();
  const [text, setText] = useState(name);
  const { busy, trouble, run } = useOutcome(onClose);
  return (
    <Dialog open onClose={onClose} title={title}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          run(() => save(text.trim()));
        }}
      >
        <label htmlFor={field} className="sr-only">
          Name
        </label>
        <input
          id={field}
          value={text}
          maxLength={200}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setText(event.target.value)}
          className="h-9 rounded-md border border-line-strong bg-ground px-2"
        />
        {trouble && <Trouble>{trouble}</Trouble>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} look="quiet">
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={busy || !text.trim()}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  onClose(): void;
  act(): Outcome;
}

export function Confirm({ title, text, action, onClose, act }: ConfirmProps) {
  const { busy, trouble, run } = useOutcome(onClose);
  return (
    <Dialog open onClose={onClose} title={title}>
      <div className="flex flex-col gap-3">
        <p className="text-soft">{text}</p>
        {trouble && <Trouble>{trouble}</Trouble>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} look="quiet">
            Cancel
          </Button>
          <Button look="primary" disabled={busy} onClick={() => run(act)}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function useOutcome(onClose: () => void) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const run = (act: () => Outcome) => {
    setBusy(true);
    void act().then((reason) => {
      setBusy(false);
      if (reason === null) onClose();
      else setTrouble(reason);
    });
  };
  return { busy, trouble, run };
}

/** The outcome of a command. */
export function outcomeOf(answer: Promise<{ ok: true } | { ok: false; message: string }>): Outcome {
  return answer.then((it) => (it.ok ? null : it.message));
}
