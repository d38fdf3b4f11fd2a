// Settings: the models that there are, and how the page looks.
import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { ModelsInUse } from "../../parts/models-in-use.tsx";

export function Settings() {
  usePaneTitle("Settings");
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <h1 className="font-semibold">Settings</h1>
      </PaneHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-2xl flex-col gap-7 p-6 max-md:p-4">
          <section aria-labelledby="models-title" className="flex flex-col gap-2">
            <h2 id="models-title" className="font-semibold text-large">
              Models
            </h2>
            <ModelsInUse />
          </section>
          <Theme />
        </div>
      </div>
    </div>
  );
}

import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";

const THEMES = [
  { name: "system", label: "As the system", icon: Monitor },
  { name: "light", label: "Light", icon: Sun },
  { name: "dark", label: "Dark", icon: Moon },
] as const;
type ThemeName = (typeof THEMES)[number]["name"];

function Theme() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? "system");
  const choose = (name: ThemeName) => {
    const { dataset } = document.documentElement;
    if (name === "system") {
      delete dataset.theme;
      localStorage.removeItem("theme");
    } else {
      dataset.theme = name;
      localStorage.setItem("theme", name);
    }
    setTheme(name);
  };
  return (
    <fieldset>
      <legend className="mb-2 font-semibold text-large">Look</legend>
      <div className="flex flex-wrap gap-2">
        {THEMES.map(({ name, label, icon: Icon }) => (
          <label
            key={name}
            className="flex h-9 cursor-pointer items-center gap-2 rounded-md border border-line px-3 text-soft hover:bg-hover has-checked:border-accent has-checked:bg-chosen has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="theme"
              className="sr-only"
              checked={theme === name}
              onChange={() => choose(name)}
            />
            <Icon size={15} aria-hidden />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
