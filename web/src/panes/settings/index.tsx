// Settings: models, keys, how the page looks, notifications, and what this server is.
import { useEffect, useRef } from "react";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Link } from "../../routes.tsx";
import { About } from "./about.tsx";
import { KeySettings } from "./keys.tsx";
import { LookSettings } from "./look.tsx";
import { ModelSettings } from "./models.tsx";
import { NotificationSettings } from "./notifications.tsx";
import { SECTIONS } from "./sections.ts";

/** Between the head of the pane and the section that is gone to, in px. */
const MARGIN = 16;

export function Settings({ section }: { section?: string }) {
  const list = useRef<HTMLDivElement>(null);
  usePaneTitle("Settings");
  useEffect(() => {
    const found = section && list.current?.querySelector<HTMLElement>(`[data-section="${section}"]`);
    if (!found || !list.current) return;
    // Only this list scrolls: `scrollIntoView` would move everything around it as well.
    const { top } = found.getBoundingClientRect();
    list.current.scrollBy(0, top - list.current.getBoundingClientRect().top - MARGIN);
  }, [section]);
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="font-semibold">Settings</h1>
      </PaneHead>
      <div ref={list} className="@container min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-4xl gap-8 p-6 @max-2xl:flex-col @max-2xl:gap-4 @max-2xl:p-4">
          <nav aria-label="Settings" className="@max-2xl:static sticky top-6 self-start">
            <ul className="flex w-36 flex-col @max-2xl:w-full @max-2xl:flex-row @max-2xl:flex-wrap">
              {SECTIONS.map(({ id, label }) => (
                <li key={id}>
                  <Link
                    to={{ pane: "settings", section: id }}
                    current={section === id}
                    className={`flex h-8 items-center rounded-md px-2 max-md:h-10 ${section === id ? "bg-chosen" : "text-soft hover:bg-hover hover:text-ink"}`}
                  >
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="flex min-w-0 max-w-2xl flex-1 flex-col gap-10 pb-[30vh]">
            <ModelSettings />
            <KeySettings />
            <LookSettings />
            <NotificationSettings />
            <About />
          </div>
        </div>
      </div>
    </div>
  );
}
