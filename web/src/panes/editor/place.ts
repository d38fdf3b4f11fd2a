// Where in a script something is wrong, as the server says it, and what a script begins with.
import type { WorkflowItem } from "../../wire/index.ts";
import type { Fault } from "./code.tsx";

/** `FILE:LINE:COLUMN` as numbers; the first line where nothing is said. */
export function faultOf(error: NonNullable<WorkflowItem["error"]>): Fault {
  const [, line, column] = /:(\d+)(?::(\d+))?$/.exec(error.place ?? "") ?? [];
  return { message: error.message, line: Number(line ?? 1), column: Number(column ?? 1) };
}

/** The name of a file for a workflow: what may not stand in one becomes a hyphen. */
export function fileName(name: string): string {
  const plain = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[.-]+|-+$/g, "");
  if (plain === "") return "workflow.js";
  return plain.endsWith(".js") ? plain : `${plain}.js`;
}

export const FIRST = `export const meta = {
  name: 'my-workflow',
  description: 'What it does, in a sentence',
  phases: [{ title: 'Look' }, { title: 'Sum up' }],
}

phase('Look')
const found = await parallel(
  ['bugs', 'style'].map((what) => () =>
    agent(\`Look for \${what} in \${args?.target ?? 'the project'}\`, { label: what })),
)

phase('Sum up')
return await agent(\`Sum up:\\n\${found.filter(Boolean).join('\\n')}\`, { label: 'summary' })
`;
