// A state as a tree: what the event changed is marked by a sign and by colour, and stands open.
import { ChevronDown, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type Change, type Json, member } from "./patch.ts";
import type { Moment } from "./source.ts";

const SIGNS: Record<Change, { sign: string; look: string }> = {
  added: { sign: "+", look: "bg-chosen text-good" },
  changed: { sign: "~", look: "bg-warn-ground text-warn" },
  removed: { sign: "−", look: "bg-bad-ground text-bad line-through" },
};

/** Longer texts are cut until one asks for them. */
const LONG = 400;
/** Of so many members only the last are shown until one asks for the others. */
const MANY = 100;

interface Props {
  moment: Moment;
  /** The place whose changes are looked for. */
  place: string;
  onPlace(pointer: string): void;
  /** What was opened and closed by hand. */
  folds: ReadonlyMap<string, boolean>;
  onFold(pointer: string, open: boolean): void;
}

export function Tree(props: Props) {
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the next event changed is brought into view
  useEffect(() => {
    list.current?.querySelector("[data-change]")?.scrollIntoView({ block: "nearest" });
  }, [props.moment]);
  return (
    <ul ref={list} aria-label="State" className="font-mono text-code">
      <Member
        {...props}
        name="state"
        pointer=""
        value={props.moment.after}
        was={props.moment.before}
        depth={0}
      />
    </ul>
  );
}

interface MemberProps extends Props {
  name: string;
  pointer: string;
  /** Undefined where it is there no more. */
  value: Json | undefined;
  was: Json | undefined;
  depth: number;
}

function Member(props: MemberProps) {
  const { name, pointer, value, was, depth, moment, place, folds } = props;
  const change = moment.marks.at.get(pointer);
  const shown = value === undefined ? was : value;
  const branch = typeof shown === "object" && shown !== null;
  const news = change === "added" || moment.marks.above.has(pointer);
  const open = branch && (folds.get(pointer) ?? (depth === 0 || news));
  const mark = change && SIGNS[change];
  return (
    <li>
      <div
        data-change={change}
        className={`flex scroll-my-24 items-start gap-1 rounded-sm pr-1 hover:bg-hover ${place === pointer ? "outline-1 outline-accent outline-solid -outline-offset-1" : ""}`}
        style={{ paddingLeft: `${depth * 0.875}rem` }}
      >
        <button
          type="button"
          aria-expanded={branch ? open : undefined}
          aria-pressed={branch ? undefined : place === pointer}
          onClick={() => {
            props.onPlace(pointer);
            if (branch) props.onFold(pointer, !open);
          }}
          className="flex min-h-6 shrink-0 items-center gap-1 text-left"
        >
          <span className="flex w-4 justify-center text-faint">
            {branch &&
              (open ? <ChevronDown size={13} aria-hidden /> : <ChevronRight size={13} aria-hidden />)}
          </span>
          <span className="text-code-name">{name}</span>
          {mark && (
            <span
              role="img"
              aria-label={change}
              title={change}
              className={`rounded-sm px-1 no-underline ${mark.look}`}
            >
              {mark.sign}
            </span>
          )}
        </button>
        {branch ? (
          <span className="py-0.5 text-faint">{size(shown)}</span>
        ) : (
          <span className="flex min-w-0 flex-wrap gap-x-2 py-0.5">
            {change === "changed" && <Leaf value={was ?? null} look={SIGNS.removed.look} />}
            <Leaf value={shown ?? null} look={mark?.look ?? ""} />
          </span>
        )}
      </div>
      {open && <Members {...props} />}
    </li>
  );
}

function Members(props: MemberProps) {
  const { pointer, value, was, depth, name } = props;
  const [whole, setWhole] = useState(false);
  const keys = [
    ...new Set([...keysOf(value), ...(props.moment.marks.above.has(pointer) ? keysOf(was) : [])]),
  ];
  const hidden = whole ? 0 : Math.max(0, keys.length - MANY);
  return (
    <ul aria-label={name}>
      {hidden > 0 && (
        <li style={{ paddingLeft: `${(depth + 1) * 0.875 + 1.25}rem` }}>
          <button type="button" className="text-accent hover:underline" onClick={() => setWhole(true)}>
            Show {hidden} more
          </button>
        </li>
      )}
      {keys.slice(hidden).map((key) => (
        <Member
          {...props}
          key={key}
          name={key}
          pointer={member(pointer, key)}
          value={childOf(value, key)}
          was={childOf(was, key)}
          depth={depth + 1}
        />
      ))}
    </ul>
  );
}

const keysOf = (value: Json | undefined): string[] =>
  typeof value === "object" && value !== null ? Object.keys(value) : [];

function childOf(value: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)];
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key] : undefined;
}

const size = (value: Json | undefined): string => {
  const count = keysOf(value).length;
  return Array.isArray(value) ? `[${count}]` : `{${count}}`;
};

function Leaf({ value, look }: { value: Json; look: string }) {
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value);
  const cut = !whole && text.length > LONG;
  return (
    <span
      className={`min-w-0 whitespace-pre-wrap rounded-sm [overflow-wrap:anywhere] ${look || colour(value)}`}
    >
      {/* The end of a text is where it grows. */}
      {cut ? `…${text.slice(-LONG)}` : text}
      {cut && (
        <button
          type="button"
          className="ml-1 font-sans text-accent no-underline"
          onClick={() => setWhole(true)}
        >
          whole
        </button>
      )}
    </span>
  );
}

function colour(value: Json): string {
  if (typeof value === "string") return "text-code-string";
  return typeof value === "number" ? "text-code-number" : "text-code-keyword";
}
