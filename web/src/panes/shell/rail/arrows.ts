// The rail by keys: the arrows lead from row to row, and open and close projects.
import type { KeyboardEvent } from "react";

const rowsOf = (list: Element) => [...list.querySelectorAll<HTMLElement>("[data-row]")];

/** What the arrow keys do in a list of rows; the field above the list takes part. */
export function arrows(event: KeyboardEvent<HTMLElement>): void {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rows = rowsOf(event.currentTarget);
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const last = rows.length - 1;
  const to = {
    ArrowDown: Math.min(last, here + 1),
    ArrowUp: here - 1,
    Home: here < 0 ? undefined : 0,
    End: here < 0 ? undefined : last,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    if (to < 0) event.currentTarget.querySelector("input")?.focus();
    else rows[to]?.focus();
  } else if (here >= 0 && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    const toggle = rows[here]?.parentElement?.querySelector<HTMLElement>("[data-toggle]");
    if (!toggle) return;
    event.preventDefault();
    const open = toggle.getAttribute("aria-expanded") === "true";
    if (open === (event.key === "ArrowLeft")) toggle.click();
  }
}
