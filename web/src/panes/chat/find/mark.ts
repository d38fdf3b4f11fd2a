// Marks words where they are drawn, without touching what is drawn.
import { patternOf } from "./local.ts";

const NAME = "found";

/** Marks the words in an element. Browsers that cannot do that mark nothing. */
export function mark(element: Element, words: string): void {
  const pattern = patternOf(words);
  if (typeof Highlight === "undefined" || !pattern) return;
  CSS.highlights.set(NAME, new Highlight(...rangesOf(element, pattern)));
}

export function unmark(): void {
  if (typeof Highlight !== "undefined") CSS.highlights.delete(NAME);
}

/** Where a pattern stands in an element, over as many pieces of text as it may reach. */
function rangesOf(element: Element, pattern: RegExp): Range[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const pieces: { node: Text; from: number }[] = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    pieces.push({ node: node as Text, from: text.length });
    text += (node as Text).data;
  }
  const at = (offset: number) => {
    const piece = pieces.findLast((it) => it.from <= offset);
    return piece && { node: piece.node, offset: Math.min(offset - piece.from, piece.node.length) };
  };
  return [...text.matchAll(pattern)].flatMap(({ index, 0: { length } }) => {
    const [from, to] = [at(index), at(index + length - 1)];
    if (!from || !to) return [];
    const range = new Range();
    range.setStart(from.node, from.offset);
    range.setEnd(to.node, to.offset + 1);
    return [range];
  });
}
