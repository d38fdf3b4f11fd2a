// The field for the next message, with the model that will answer at its foot.
import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent as Press, useEffect, useId, useRef } from "react";
import type { Answer } from "../../../live/outbox.ts";
import { useActions } from "../../../parts/actions.ts";
import { ModelPicker } from "../../../parts/model-picker.tsx";
import { usePane } from "../../../parts/pane.tsx";

interface Props {
  text: string;
  onText(text: string): void;
  model: string;
  /** A turn is open: what is sent now waits. */
  running: boolean;
  /** Stop was pressed and not answered yet. */
  stopping?: boolean;
  placeholder?: string;
  /** Typing stays until it is known that the message has arrived. */
  keepUntilAnswered?: boolean;
  busy?: boolean;
  /** The last message of one's own, for the up arrow. */
  recall(): string;
  onModel(model: string): void;
  onSend(text: string): Promise<Answer>;
  onStop(): void;
}

/** What the field itself hears. */
const TYPED = [
  { id: "chat.send", label: "Send the message", keys: "Enter" },
  { id: "chat.line", label: "New line in the message", keys: "Shift+Enter" },
  { id: "chat.recall", label: "Bring back your last message (in an empty field)", keys: "ArrowUp" },
];

/** Goes to the message field of a pane. */
export function focusComposer(pane: number | undefined): void {
  document.querySelector<HTMLElement>(`#pane-${pane} [data-composer]`)?.focus();
}

export function Composer(props: Props) {
  const { running, stopping = false, busy = false, keepUntilAnswered = false } = props;
  const { text, onText: setText } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  }, []);

  const { onStop } = props;
  const pane = usePane()?.id;
  useActions([
    { id: "chat.write", label: "Go to the message field", keys: "/", run: () => focusComposer(pane) },
    ...(running ? [{ id: "chat.stop", label: "Stop the answer", keys: "Escape", run: onStop }] : []),
    ...TYPED,
  ]);

  const send = async () => {
    const sent = text.trim();
    if (!sent || busy) return;
    if (!keepUntilAnswered) setText("");
    const answer = await props.onSend(sent);
    if (answer.ok) {
      if (keepUntilAnswered) setText("");
    } else if (latest.current === "") {
      setText(sent); // Refused: the words come back, unless others have been typed since.
    }
    field.current?.focus();
  };
  const press = (event: Press) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      void send();
    } else if (event.key === "ArrowUp" && text === "") {
      const last = props.recall();
      if (!last) return;
      event.preventDefault();
      setText(last);
    }
  };
  return (
    <form
      className="rounded-lg border border-line-strong bg-raised focus-within:border-accent"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label htmlFor={id} className="sr-only">
        Message
      </label>
      <textarea
        ref={field}
        id={id}
        data-composer
        rows={1}
        value={text}
        placeholder={
          props.placeholder ?? (running ? "Add a message: it waits for its turn" : "Ask something")
        }
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
        className="field-sizing-content block max-h-[40vh] min-h-10 w-full resize-none bg-transparent px-3 pt-2.5 pb-1 text-prose outline-none max-md:text-[1rem]"
      />
      <div className="flex items-center gap-2 px-1.5 pb-1.5">
        <ModelPicker model={props.model} onChange={props.onModel} />
        <span className="ml-auto flex items-center gap-1.5">
          {running && text.trim() !== "" && <SendButton label="Queue the message" disabled={busy} />}
          {running ? (
            <button
              type="button"
              onClick={props.onStop}
              disabled={stopping}
              aria-label="Stop"
              title="Stop (Esc)"
              className="inline-flex size-7 items-center justify-center rounded-md border border-line-strong text-ink hover:bg-hover disabled:text-faint max-md:size-9"
            >
              <Square size={11} fill="currentColor" aria-hidden />
            </button>
          ) : (
            <SendButton label="Send" disabled={busy || text.trim() === ""} />
          )}
        </span>
      </div>
    </form>
  );
}

function SendButton({ label, disabled }: { label: string; disabled: boolean }) {
  return (
    <button
      type="submit"
      disabled={disabled}
      aria-label={label}
      title={`${label} (Enter)`}
      className="inline-flex size-7 items-center justify-center rounded-md bg-accent text-on-accent hover:bg-accent-strong disabled:bg-hover disabled:text-faint max-md:size-9"
    >
      <ArrowUp size={16} aria-hidden />
    </button>
  );
}
