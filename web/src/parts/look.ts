// How the page looks in this browser: theme and sizes. `public/theme.js` sets the same before the first paint.
import { useSyncExternalStore } from "react";
import { recall, remember } from "./storage.ts";

export interface Look {
  theme: "system" | "light" | "dark";
  /** The size of all text. */
  text: "small" | "normal" | "large";
  /** The size of code within it. */
  code: "small" | "normal" | "large";
}

const PLAIN: Look = { theme: "system", text: "normal", code: "normal" };
const KEY = "look";

const listeners = new Set<() => void>();
let current: Look | null = null;

function look(): Look {
  current ??= { ...PLAIN, ...recall<Partial<Look>>(KEY, (value) => typeof value === "object") };
  return current;
}

/** Puts a look on the root element: the tokens do the rest. */
function wear({ theme, text, code }: Look): void {
  const { dataset } = document.documentElement;
  for (const [name, value, plain] of [
    ["theme", theme, PLAIN.theme],
    ["text", text, PLAIN.text],
    ["code", code, PLAIN.code],
  ] as const) {
    if (value === plain) delete dataset[name];
    else dataset[name] = value;
  }
}

export function changeLook(change: Partial<Look>): void {
  current = { ...look(), ...change };
  remember(KEY, current);
  wear(current);
  for (const listener of listeners) listener();
}

/** Another window of this browser changed it. */
function elsewhere(event: StorageEvent): void {
  if (event.key !== KEY) return;
  current = null;
  wear(look());
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener("storage", elsewhere);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("storage", elsewhere);
  };
}

export function useLook(): Look {
  return useSyncExternalStore(listen, look);
}
