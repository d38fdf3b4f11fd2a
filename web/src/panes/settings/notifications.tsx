// Whether the system tells of what happens while one looks elsewhere.
import { Switch } from "@base-ui/react/switch";
import { useId } from "react";
import { type Notifying, switchNotifying, useNotifying } from "../../parts/notify.ts";
import { Section } from "./section.tsx";

const HINTS: Record<Notifying, string> = {
  off: "The browser asks for your leave when you switch them on.",
  on: "You are told while this page is open and out of sight.",
  blocked:
    "Your browser does not let this page notify you: allow it in the settings of the site, beside its address.",
  missing: "This browser has no notifications for pages that come over plain HTTP from elsewhere.",
};

export function NotificationSettings() {
  const state = useNotifying();
  const label = useId();
  return (
    <Section id="notifications" title="Notifications" about="Kept in this browser.">
      <div className="flex items-start gap-3">
        <Switch.Root
          aria-labelledby={label}
          checked={state === "on" || state === "blocked"}
          disabled={state === "missing"}
          onCheckedChange={(on) => void switchNotifying(on)}
          className="flex h-5 w-9 shrink-0 items-center rounded-full bg-line-strong p-0.5 data-checked:bg-accent data-disabled:opacity-50"
        >
          <Switch.Thumb className="size-4 rounded-full bg-ground transition-transform data-checked:translate-x-4" />
        </Switch.Root>
        <div>
          <span id={label}>Tell me when an answer is there or something waits for me</span>
          <p className={`text-small ${state === "blocked" ? "text-warn" : "text-faint"}`}>{HINTS[state]}</p>
        </div>
      </div>
    </Section>
  );
}
