// A shortcut as it stands on the keyboard.
import { shownKeys } from "./keys.ts";

export function Keys({ keys }: { keys: string }) {
  return (
    <span className="flex shrink-0 gap-0.5">
      {shownKeys(keys).map((key) => (
        <kbd
          key={key}
          className="min-w-5 rounded-sm border border-line bg-sunken px-1 text-center font-sans text-soft text-tiny"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}
