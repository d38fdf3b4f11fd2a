// The sections of the settings, by their names in addresses.
import { Bell, Cpu, Info, KeyRound, type LucideIcon, Palette } from "lucide-react";

export interface SectionInfo {
  id: string;
  label: string;
  /** Other words by which it is looked for. */
  words: string;
  icon: LucideIcon;
}

export const SECTIONS: SectionInfo[] = [
  {
    id: "models",
    label: "Models",
    words: "providers key default openai anthropic deepseek gemini ollama",
    icon: Cpu,
  },
  { id: "keys", label: "API keys", words: "sign in role revoke token", icon: KeyRound },
  { id: "look", label: "Look", words: "theme dark light text code size font", icon: Palette },
  { id: "notifications", label: "Notifications", words: "tell alert", icon: Bell },
  { id: "about", label: "About", words: "version log sign out troubles health", icon: Info },
];
