// How the page looks: kept in this browser.
import { Monitor, Moon, Sun } from "lucide-react";
import { changeLook, useLook } from "../../parts/look.ts";
import { Choice, Section } from "./section.tsx";

const THEMES = [
  { value: "system", label: "As the system", icon: <Monitor size={15} aria-hidden /> },
  { value: "light", label: "Light", icon: <Sun size={15} aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon size={15} aria-hidden /> },
] as const;

const SIZES = [
  { value: "small", label: "Small" },
  { value: "normal", label: "Normal" },
  { value: "large", label: "Large" },
] as const;

export function LookSettings() {
  const look = useLook();
  return (
    <Section id="look" title="Look" about="Kept in this browser.">
      <Choice
        title="Theme"
        name="theme"
        value={look.theme}
        options={THEMES}
        onChange={(theme) => changeLook({ theme })}
      />
      <Choice
        title="Text"
        name="text"
        value={look.text}
        options={SIZES}
        onChange={(text) => changeLook({ text })}
      />
      <Choice
        title="Code"
        name="code"
        value={look.code}
        options={SIZES}
        onChange={(code) => changeLook({ code })}
      />
    </Section>
  );
}
