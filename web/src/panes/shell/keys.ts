// The shortcuts of the frame.
import { useEffect, useRef } from "react";

export interface Actions {
  fold(): void;
  help(): void;
  create(): void;
  home(): void;
}

export const SHORTCUTS: { keys: string; does: string }[] = [
  { keys: "Enter", does: "Send the message" },
  { keys: "Shift Enter", does: "New line in the message" },
  { keys: "Esc", does: "Stop the answer" },
  { keys: "↑", does: "Bring back your last message (in an empty field)" },
  { keys: "/", does: "Go to the message field" },
  { keys: "Alt N", does: "New chat" },
  { keys: "Alt H", does: "Go to the start" },
  { keys: "Ctrl B", does: "Fold or unfold the rail" },
  { keys: "End", does: "Go to the newest message" },
  { keys: "?", does: "Show these shortcuts" },
];

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const act = actionOf(event, latest.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function toNewest(): void {
  const log = document.querySelector("[role=log]");
  log?.scrollTo(0, log.scrollHeight);
}

function actionOf(event: KeyboardEvent, actions: Actions): (() => void) | null {
  const held = event.ctrlKey || event.metaKey;
  if (held && !event.altKey && event.code === "KeyB") return actions.fold;
  if (event.altKey && !held && event.code === "KeyN") return actions.create;
  if (event.altKey && !held && event.code === "KeyH") return actions.home;
  if (held || event.altKey || isTyping(event.target)) return null;
  if (event.key === "?") return actions.help;
  if (event.key === "End") return toNewest;
  if (event.key === "/") return () => document.getElementById("composer")?.focus();
  return null;
}
