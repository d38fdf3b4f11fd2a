// What may be meant by what is typed, in a list at the field. The field keeps the focus; its keys move in the list.
import type { LucideIcon } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";

export interface Suggestion {
  key: string;
  icon: LucideIcon;
  /** What is chosen. */
  label: string;
  /** What may follow it. */
  takes?: string | undefined;
  /** What it does, or where it is. */
  detail?: string | undefined;
  /** `complete` only writes it out, so that one can go on. */
  choose(how: "take" | "complete"): void;
}

interface Props {
  id: string;
  /** What is listed. */
  label: string;
  items: readonly Suggestion[];
  active: number;
  onActive(index: number): void;
  /** What is shown where nothing fits. */
  empty: string | null;
}

export const optionId = (list: string, index: number): string => `${list}-${index}`;

/** With less room than this above the field, in pixels, the list stands below it. */
const ROOM = 280;

export function Suggestions({ id, label, items, active, onActive, empty }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [below, setBelow] = useState(false);
  useLayoutEffect(() => {
    const edge = box.current?.closest("main")?.getBoundingClientRect().top ?? 0;
    const field = box.current?.parentElement?.getBoundingClientRect().top ?? 0;
    setBelow(field - edge < ROOM);
  }, []);
  useLayoutEffect(() => {
    box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  return (
    <div
      ref={box}
      className={`absolute right-0 left-0 z-30 overflow-hidden rounded-md border border-line bg-raised shadow-pop ${below ? "top-full mt-1" : "bottom-full mb-1"}`}
    >
      {items.length === 0 && empty && <p className="px-3 py-2.5 text-soft">{empty}</p>}
      <div
        id={id}
        role="listbox"
        aria-label={label}
        // A long list scrolls, and what scrolls is reached by keys.
        tabIndex={0}
        className="max-h-64 overflow-y-auto p-1 -outline-offset-2 empty:p-0"
      >
        {items.map((item, index) => (
          <Option
            key={item.key}
            id={optionId(id, index)}
            item={item}
            active={index === active}
            onActive={() => onActive(index)}
          />
        ))}
      </div>
      <p role="status" className="sr-only">
        {`${items.length} ${label.toLowerCase()}`}
      </p>
    </div>
  );
}

interface OptionProps {
  id: string;
  item: Suggestion;
  active: boolean;
  onActive(): void;
}

function Option({ id, item, active, onActive }: OptionProps) {
  const { icon: Icon, label, takes, detail } = item;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus
    <div
      id={id}
      role="option"
      aria-selected={active}
      onMouseMove={active ? undefined : onActive}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => item.choose("take")}
      className={`flex min-h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 max-md:min-h-10 ${active ? "bg-hover" : ""}`}
    >
      <Icon size={14} className="shrink-0 text-faint" aria-hidden />
      <span className="min-w-0 shrink-0 truncate font-mono text-code max-md:max-w-[60%]">
        {label}
        {takes && <span className="text-faint"> {takes}</span>}
      </span>
      {detail && <span className="min-w-0 flex-1 truncate text-soft text-small">{detail}</span>}
    </div>
  );
}
