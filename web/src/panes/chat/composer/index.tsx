// The field for the next message: it grows, completes commands, goes back through what was said; at its foot the model.
import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent as Press, type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Answer } from "../../../live/outbox.ts";
import { useActions } from "../../../parts/actions.ts";
import { ModelPicker } from "../../../parts/model-picker.tsx";
import { usePane } from "../../../parts/pane.tsx";
import { distinct, further, nearer, type Recall } from "./history.ts";
import type { SlashCommand } from "./slash.ts";
import { useSuggestions } from "./suggest.ts";
import { optionId, Suggestions } from "./suggestions.tsx";

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
  commands?: readonly SlashCommand[];
  /** The list of models is shown. */
  choosing?: boolean;
  onChoosing?(choosing: boolean): void;
  /** What one said before, the newest first. */
  said?(): string[];
  /** Takes the last message that waits back into the field; says whether there was one. */
  onEditWaiting?(): boolean;
  /** What else stands in the foot. */
  facts?: ReactNode;
  onModel(model: string): void;
  onSend(text: string): Promise<Answer>;
  onStop(): void;
}

/** What the field itself hears. */
const TYPED = [
  { id: "chat.send", label: "Send the message", keys: "Enter" },
  { id: "chat.line", label: "New line in the message", keys: "Shift+Enter" },
  {
    id: "chat.recall",
    label: "Edit what waits, or go back through what you said (in an empty field)",
    keys: "ArrowUp",
  },
];

const NO_COMMANDS: readonly SlashCommand[] = [];

/** Goes to the message field of a pane. */
export function focusComposer(pane: number | undefined): void {
  document.querySelector<HTMLElement>(`#pane-${pane} [data-composer]`)?.focus();
}

export function Composer(props: Props) {
  const { running, stopping = false, busy = false, keepUntilAnswered = false } = props;
  const { text, onText: setText, onStop, commands = NO_COMMANDS } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  }, []);

  const pane = usePane()?.id;
  useActions([
    { id: "chat.write", label: "Go to the message field", keys: "/", run: () => focusComposer(pane) },
    ...(running ? [{ id: "chat.stop", label: "Stop the answer", keys: "Escape", run: onStop }] : []),
    ...TYPED,
  ]);

  const suggested = useSuggestions({ text, commands, write: setText });
  const recall = useRecall(props, setText);
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
  const press = (event: Press<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (suggested?.press(event) || recall(event)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      void send();
    }
  };
  return (
    <form
      className="relative rounded-lg border border-line-strong bg-raised focus-within:border-accent"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {suggested && (
        <Suggestions
          id={`${id}-suggested`}
          label={suggested.label}
          items={suggested.items}
          active={suggested.active}
          onActive={suggested.setActive}
          empty={suggested.empty}
        />
      )}
      <label htmlFor={id} className="sr-only">
        Message
      </label>
      <textarea
        ref={field}
        id={id}
        data-composer
        rows={1}
        value={text}
        aria-autocomplete="list"
        aria-controls={suggested ? `${id}-suggested` : undefined}
        aria-activedescendant={
          suggested?.items.length ? optionId(`${id}-suggested`, suggested.active) : undefined
        }
        placeholder={
          props.placeholder ??
          (running ? "Add a message: it waits for its turn" : "Ask something, / for commands")
        }
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
        className="field-sizing-content block max-h-[40vh] min-h-10 w-full resize-none bg-transparent px-3 pt-2.5 pb-1 text-prose outline-none max-md:text-[1rem]"
      />
      <div className="flex items-center gap-2 px-1.5 pb-1.5">
        <ModelPicker
          model={props.model}
          onChange={props.onModel}
          {...(props.choosing === undefined ? {} : { open: props.choosing })}
          {...(props.onChoosing ? { onOpen: props.onChoosing } : {})}
        />
        {props.facts ?? <span className="ml-auto" />}
        <span className="flex items-center gap-1.5">
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

/** What the arrow keys do with the past: says whether a key meant anything there. */
function useRecall({ text, said, onEditWaiting }: Props, setText: (text: string) => void) {
  const [recall, setRecall] = useState<Recall | null>(null);
  const put = (to: string, next: Recall | null) => {
    setRecall(next);
    setText(to);
  };
  return ({ key, currentTarget: { selectionStart, selectionEnd }, ...held }: Press<HTMLTextAreaElement>) => {
    if (held.shiftKey || held.altKey || held.ctrlKey || held.metaKey || selectionStart !== selectionEnd)
      return false;
    if (key === "ArrowUp" && !text.slice(0, selectionStart).includes("\n")) {
      if (text === "" && onEditWaiting?.()) return true;
      const next = further(recall, text, distinct(said?.() ?? []));
      if (next) put(next.shown, next);
      return next !== null;
    }
    if (key === "ArrowDown" && !text.slice(selectionEnd).includes("\n")) {
      const next = nearer(recall, text, distinct(said?.() ?? []));
      if (next) put(next.text, next.recall);
      return next !== null;
    }
    return false;
  };
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
