// The field for the next message: it grows, completes commands, goes back through what was said; at its foot the model.
import { ArrowUp, Paperclip, Square } from "lucide-react";
import {
  type KeyboardEvent as Press,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Answer } from "../../../live/outbox.ts";
import { useActions } from "../../../parts/actions.ts";
import { ModelPicker } from "../../../parts/model-picker.tsx";
import { usePane } from "../../../parts/pane.tsx";
import { type ChangeDraft, type Draft, EMPTY, isEmptyDraft } from "./drafts.ts";
import { FileChips } from "./file-chips.tsx";
import { filesOf, MOST_FILES, useFiles } from "./files.ts";
import { distinct, further, nearer, type Recall } from "./history.ts";
import type { SlashCommand } from "./slash.ts";
import { useSuggestions } from "./suggest.ts";
import { optionId, Suggestions } from "./suggestions.tsx";

interface Props {
  /** The project whose files can be named. */
  project: string;
  draft: Draft;
  onDraft: ChangeDraft;
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
  onSend(draft: Draft): Promise<Answer>;
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
  const { project, draft, onDraft, onStop, commands = NO_COMMANDS } = props;
  const { text, attachments } = draft;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
  }, [draft]);
  useEffect(() => {
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  }, []);

  const pane = usePane()?.id;
  useActions([
    { id: "chat.write", label: "Go to the message field", keys: "/", run: () => focusComposer(pane) },
    ...(running ? [{ id: "chat.stop", label: "Stop the answer", keys: "Escape", run: onStop }] : []),
    ...TYPED,
  ]);

  const [caret, setCaret] = useState(text.length);
  const wanted = useRef<number | null>(null);
  const write = (to: string, at: number) => {
    wanted.current = at;
    setCaret(at);
    onDraft({ text: to });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another text was written
  useLayoutEffect(() => {
    if (wanted.current !== null) field.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = null;
  }, [text]);

  const files = useFiles((stored) => onDraft((was) => ({ attachments: [...was.attachments, stored] })));
  const room = MOST_FILES - attachments.length - files.sending.length;
  const add = (added: File[]) => files.add(added.slice(0, room));
  const suggested = useSuggestions({ text, caret, commands, project, write });
  const recall = useRecall(props, (to) => write(to, to.length));
  const ready = !busy && files.sending.length === 0 && !isEmptyDraft(draft);
  const send = async () => {
    if (!ready) return;
    const sent = { ...draft, text: text.trim() };
    if (!keepUntilAnswered) onDraft(EMPTY);
    const answer = await props.onSend(sent);
    if (answer.ok) {
      if (keepUntilAnswered) onDraft(EMPTY);
    } else if (isEmptyDraft(latest.current)) {
      onDraft(sent); // Refused: the words come back, unless others have been typed since.
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
      onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => {
        const dropped = filesOf(event.dataTransfer);
        if (dropped.length === 0) return;
        event.preventDefault();
        add(dropped);
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
      <FileChips
        attachments={attachments}
        sending={files.sending}
        onRemove={(file) => onDraft((was) => ({ attachments: was.attachments.filter((it) => it !== file) }))}
        onAgain={files.again}
        onGiveUp={files.giveUp}
      />
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
        onChange={(event) => {
          setCaret(event.target.selectionEnd);
          onDraft({ text: event.target.value });
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionEnd)}
        onPaste={(event) => {
          const pasted = filesOf(event.clipboardData);
          // What is pasted as text and as a picture is taken as text.
          if (pasted.length === 0 || event.clipboardData.types.includes("text/plain")) return;
          event.preventDefault();
          add(pasted);
        }}
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
          <Attach disabled={room <= 0} onFiles={add} />
          {running && !isEmptyDraft(draft) && <SendButton label="Queue the message" disabled={!ready} />}
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
            <SendButton label="Send" disabled={!ready} />
          )}
        </span>
      </div>
    </form>
  );
}

/** What the arrow keys do with the past: says whether a key meant anything there. */
function useRecall({ draft: { text }, said, onEditWaiting }: Props, setText: (text: string) => void) {
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

/** Chooses files, for those who neither paste nor drop them. */
function Attach({ disabled, onFiles }: { disabled: boolean; onFiles(files: File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept="image/*,text/*,.md,.json,.toml,.yaml,.yml,.log,.csv,.rs,.ts,.tsx,.js,.py,.go"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <button
        type="button"
        disabled={disabled}
        onClick={() => input.current?.click()}
        aria-label="Attach images or texts"
        title="Attach images or texts (or paste, or drop them)"
        className="inline-flex size-7 items-center justify-center rounded-md text-soft hover:bg-hover hover:text-ink disabled:text-faint max-md:size-9"
      >
        <Paperclip size={15} aria-hidden />
      </button>
    </>
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
