// Shortcuts as they are written (`Mod+K`, `Alt+N`, `?`), as they are pressed and as they are shown.

/** What a key is pressed on: a name that does not depend on the layout of the keyboard, for those with a modifier. */
const CODES: Record<string, string | undefined> = {
  "\\": "Backslash",
  "-": "Minus",
  ",": "Comma",
  ".": "Period",
};

const SHOWN: Record<string, string | undefined> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
};

interface Pressed {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

function codeOf(key: string): string | undefined {
  if (/^[A-Z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  return /^\d$/.test(key) ? `Digit${key}` : CODES[key];
}

/** The parts of a shortcut: its modifiers and its key. */
function partsOf(keys: string): { held: Set<string>; key: string } {
  const parts = keys.split("+");
  return { held: new Set(parts.slice(0, -1)), key: parts.at(-1) ?? "" };
}

/** Whether what was pressed is a shortcut. */
export function isPressed(keys: string, event: Pressed): boolean {
  const { held, key } = partsOf(keys);
  if (held.has("Mod") !== (event.ctrlKey || event.metaKey) || held.has("Alt") !== event.altKey) return false;
  const modified = held.has("Mod") || held.has("Alt");
  // How a sign comes about is the keyboard's affair: `?` is Shift and another key on most, and on some not.
  const sign = key.length === 1 && !modified && !/[a-z]/i.test(key);
  if (!sign && held.has("Shift") !== event.shiftKey) return false;
  if (modified && codeOf(key)) return event.code === codeOf(key);
  return event.key.toLowerCase() === key.toLowerCase();
}

/** Whether a shortcut is heard while one types: single keys are not. */
export function isHeardTyping(keys: string): boolean {
  const { held, key } = partsOf(keys);
  return held.has("Mod") || held.has("Alt") || key === "Escape" || /^F\d+$/.test(key);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

const onMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** The keys of a shortcut as they are shown, one by one. */
export function shownKeys(keys: string, mac = onMac): string[] {
  const { held, key } = partsOf(keys);
  const names = [...held].map((name) => {
    if (name === "Mod") return mac ? "⌘" : "Ctrl";
    if (name === "Alt") return mac ? "⌥" : "Alt";
    return name;
  });
  return [...names, SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key)];
}
