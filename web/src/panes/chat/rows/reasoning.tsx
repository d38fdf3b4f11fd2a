// What the model reasoned: folded, with its first line; while it reasons, with its newest.
import { Brain } from "lucide-react";
import { BodyText } from "../../../parts/body-text.tsx";
import { firstLine, shown } from "../../../parts/format.ts";
import { Markdown } from "../../../parts/markdown/index.tsx";
import type { Body } from "../../../wire/index.ts";
import { Fold } from "./fold.tsx";
import { useFold } from "./folds.ts";

interface Props {
  /** The call that reasoned. */
  id: string;
  body: Body;
  live: boolean;
}

export function Reasoning({ id, body, live }: Props) {
  const [open, toggle] = useFold(`reasoning ${id}`);
  const text = shown(body);
  return (
    <Fold
      open={open}
      onToggle={toggle}
      icon={<Brain size={14} className={live ? "animate-breathe text-accent" : ""} aria-hidden />}
      summary={
        <span className="text-faint">
          <span className="sr-only">Reasoning: </span>
          {plain(live ? newest(text) : firstLine(text))}
        </span>
      }
    >
      <div className="border-line border-l-2 pl-3 text-soft">
        <BodyText body={body}>{(whole) => <Markdown text={whole} streaming={live} />}</BodyText>
      </div>
    </Fold>
  );
}

function newest(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** A line without the marks of Markdown. */
function plain(line: string): string {
  return line.replace(/^[#>\s*-]+/, "").replace(/[*_`]+/g, "");
}
