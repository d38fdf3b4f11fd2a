// Two texts beside each other, line by line: which lines both have, and which only one.

export interface Line {
  /** Where the line stands: in both, only in the earlier text, or only in the later one. */
  in: "both" | "before" | "now";
  text: string;
}

/** More pairs of lines than this are not compared: the browser would stand still meanwhile. */
const MOST = 1_000_000;

/** The lines of both in order, as few as can be marked; null where the texts are too long for it. */
export function linesOf(before: string, now: string): Line[] | null {
  const [a, b] = [before.split("\n"), now.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const middle = apart(a.slice(start, a.length - end), b.slice(start, b.length - end));
  if (!middle) return null;
  const both = (texts: string[]) => texts.map((text): Line => ({ in: "both", text }));
  return [...both(a.slice(0, start)), ...middle, ...both(a.slice(a.length - end))];
}

/** By the longest sequence of lines that both have. */
function apart(a: string[], b: string[]): Line[] | null {
  if (a.length * b.length > MOST) return null;
  const width = b.length + 1;
  // How many lines both have from here on.
  const common = new Uint32Array((a.length + 1) * width);
  const at = (x: number, y: number) => common[x * width + y] ?? 0;
  for (let x = a.length - 1; x >= 0; x -= 1)
    for (let y = b.length - 1; y >= 0; y -= 1)
      common[x * width + y] = a[x] === b[y] ? at(x + 1, y + 1) + 1 : Math.max(at(x + 1, y), at(x, y + 1));
  const lines: Line[] = [];
  let [x, y] = [0, 0];
  while (x < a.length || y < b.length) {
    const [was, is] = [a[x], b[y]];
    if (was !== undefined && was === is) {
      lines.push({ in: "both", text: was });
      x += 1;
      y += 1;
    } else if (was !== undefined && (is === undefined || at(x + 1, y) >= at(x, y + 1))) {
      lines.push({ in: "before", text: was });
      x += 1;
    } else {
      lines.push({ in: "now", text: is ?? "" });
      y += 1;
    }
  }
  return lines;
}
