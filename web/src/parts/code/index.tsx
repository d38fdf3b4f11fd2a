// A block of code: its language, a button to copy it, and colours once they are loaded.
import { Check, Copy } from "lucide-react";
import { memo, type ReactNode, useEffect, useState } from "react";
import { useCopy } from "../copy.ts";

/** Longer code, in characters, is not coloured while it streams; much longer not at all. */
const WHILE_STREAMING = 12_000;
const AT_ALL = 200_000;

interface Props {
  code: string;
  language: string;
  streaming?: boolean;
}

export const CodeBlock = memo(function CodeBlock({ code, language, streaming = false }: Props) {
  const name = language.trim().split(/[\s{,]/)[0] ?? "";
  return (
    <div className="code group/code relative overflow-hidden rounded-md bg-sunken">
      <div className="flex h-7 items-center justify-between pr-1 pl-3 text-faint text-tiny">
        <span>{name || "text"}</span>
        <CopyButton text={code} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard too */}
      <pre className="overflow-x-auto px-3 pb-2.5 font-mono text-code [overflow-wrap:normal]" tabIndex={0}>
        <code>
          <Coloured code={code} language={name} streaming={streaming} />
        </code>
      </pre>
    </div>
  );
});

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, copy] = useCopy();
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      onClick={() => copy(text)}
      className="flex h-6 items-center gap-1 rounded-sm px-1.5 text-faint text-tiny hover:bg-hover hover:text-ink"
    >
      <Icon size={12} aria-hidden />
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </button>
  );
}

type Highlight = (code: string, language: string) => ReactNode;
let loaded: Highlight | null = null;

export function Coloured({ code, language, streaming = false }: Props): ReactNode {
  const [highlight, setHighlight] = useState<Highlight | null>(() => loaded);
  const wanted = language !== "" && code.length <= (streaming ? WHILE_STREAMING : AT_ALL);
  useEffect(() => {
    if (!wanted || highlight) return;
    let here = true;
    import("./highlight.tsx").then(
      (module) => {
        loaded = module.highlight;
        if (here) setHighlight(() => module.highlight);
      },
      () => {
        // Without colours the code reads as well.
      },
    );
    return () => {
      here = false;
    };
  }, [wanted, highlight]);
  return wanted && highlight ? highlight(code, language) : code;
}
