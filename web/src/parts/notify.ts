// Notifications of the system: off until they are switched on, and asked for only then.
import { useSyncExternalStore } from "react";
import { recall, remember } from "./storage.ts";

const KEY = "notify";
const listeners = new Set<() => void>();

/** `blocked`: they are wanted, but the browser does not allow them; `missing`: it has none. */
export type Notifying = "off" | "on" | "blocked" | "missing";

function notifying(): Notifying {
  if (!("Notification" in window)) return "missing";
  if (recall<boolean>(KEY, (value) => typeof value === "boolean") !== true) return "off";
  return Notification.permission === "granted" ? "on" : "blocked";
}

export function useNotifying(): Notifying {
  return useSyncExternalStore(listen, notifying);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

/** Switches them on or off; on asks the browser, which asks the person. */
export async function switchNotifying(on: boolean): Promise<void> {
  if (on && "Notification" in window && Notification.permission === "default")
    await Notification.requestPermission();
  remember(KEY, on);
  for (const listener of listeners) listener();
}

/** Tells of something, while nobody looks at the page. Whoever clicks gets there. */
export function notify(title: string, body: string, tag: string, open: () => void): void {
  if (document.visibilityState === "visible" || notifying() !== "on") return;
  const note = new Notification(title, { body, tag, icon: "/icon.svg" });
  note.onclick = () => {
    window.focus();
    note.close();
    open();
  };
}
