// Markdown; what reads it is loaded when the first text is shown, and the bare text stands there until then.
import { lazy, Suspense } from "react";

const Rendered = lazy(() => import("./rendered.tsx"));

export function Markdown({ text, streaming = false }: { text: string; streaming?: boolean }) {
  return (
    <div className="prose">
      <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
        <Rendered text={text} streaming={streaming} />
      </Suspense>
    </div>
  );
}
