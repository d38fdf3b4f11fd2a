// Colours for code, in the languages that are met most; loaded when the first code is shown.
import { common, createLowlight } from "lowlight";
import { Fragment, type ReactNode } from "react";

const lowlight = createLowlight(common);
lowlight.registerAlias({ bash: ["console", "shell-session"], javascript: ["mjs", "cjs"], ini: ["toml"] });

type Node = ReturnType<typeof lowlight.highlight>["children"][number];

/** Code with its parts in spans, or as it is in a language that is not known. */
export function highlight(code: string, language: string): ReactNode {
  const name = language.toLowerCase();
  if (!lowlight.registered(name)) return code;
  return elements(lowlight.highlight(name, code).children);
}

function elements(nodes: Node[]): ReactNode {
  return nodes.map((node, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a code have no other name
    if (node.type === "text") return <Fragment key={index}>{node.value}</Fragment>;
    if (node.type !== "element") return null;
    const classes = node.properties.className;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <span key={index} className={Array.isArray(classes) ? classes.join(" ") : undefined}>
        {elements(node.children as Node[])}
      </span>
    );
  });
}
