// A message of one's own, changed and asked anew: in a fork, so that what was answered stays.
import { useEffect, useRef, useState } from "react";
import { Attachments } from "../../../parts/attachments.tsx";
import { Button } from "../../../parts/button.tsx";
import { shown } from "../../../parts/format.ts";
import { Trouble } from "../../../parts/status.tsx";
import type { UserMessage } from "../../../wire/index.ts";

interface Props {
  message: UserMessage;
  /** Asks anew; says why that failed if it did. */
  onAsk(text: string): Promise<string | null>;
  onClose(): void;
}

export function Edit({ message, onAsk, onClose }: Props) {
  const [text, setText] = useState(shown(message.text));
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  const { attachments = [] } = message;
  const ready = !busy && (text.trim() !== "" || attachments.length > 0);
  const ask = async () => {
    if (!ready) return;
    setBusy(true);
    const failed = await onAsk(text.trim());
    setBusy(false);
    setTrouble(failed);
  };
  return (
    <form
      aria-label="Edit and ask anew"
      className="flex flex-col gap-2 rounded-lg border border-accent bg-raised px-3.5 py-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
    >
      <textarea
        ref={field}
        value={text}
        aria-label="The message, to be changed"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void ask();
        }}
        className="field-sizing-content block max-h-[40vh] w-full resize-none bg-transparent text-prose outline-none max-md:text-[1rem]"
      />
      {attachments.length > 0 && <Attachments attachments={attachments} />}
      {trouble && <Trouble>{trouble}</Trouble>}
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-40 flex-1 text-faint text-small">
          It is asked in a fork that begins here. This chat stays as it is.
        </p>
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" look="primary" disabled={!ready}>
          Ask anew
        </Button>
      </div>
    </form>
  );
}
