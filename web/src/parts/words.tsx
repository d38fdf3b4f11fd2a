// A sentence of the server's, in which what stands between backticks is code.
import type { ReactNode } from "react";

export function Words({ children }: { children: string }): ReactNode {
  return children.split("`").map((part, index, parts) => {
    // A last backtick without its partner is just a backtick.
    if (index % 2 === 0) return part;
    if (index === parts.length - 1) return `\`${part}`;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no other name
      <code key={index} className="font-mono text-[0.92em]">
        {part}
      </code>
    );
  });
}
