// Going back through what one said before, as a shell does: the up arrow goes further back, the down arrow returns.

export interface Recall {
  /** How far back one is; 0 is the message that was said last. */
  back: number;
  /** What stood in the field before. */
  draft: string;
  /** What was shown: who changes it has left the past. */
  shown: string;
}

/** Where the up arrow leads. Null where there is nothing older. */
export function further(recall: Recall | null, text: string, said: readonly string[]): Recall | null {
  const current = recall && recall.shown === text ? recall : null;
  // The past is entered from an empty field only: elsewhere the arrow moves between lines.
  if (!current && text !== "") return null;
  const back = current ? current.back + 1 : 0;
  const shown = said[back];
  return shown === undefined ? null : { back, draft: current?.draft ?? text, shown };
}

/** Where the down arrow leads: null where one is not in the past. */
export function nearer(
  recall: Recall | null,
  text: string,
  said: readonly string[],
): { recall: Recall | null; text: string } | null {
  if (!recall || recall.shown !== text) return null;
  const shown = said[recall.back - 1];
  if (recall.back === 0 || shown === undefined) return { recall: null, text: recall.draft };
  return { recall: { ...recall, back: recall.back - 1, shown }, text: shown };
}

/** Messages, newest first, without those that only repeat the one before. */
export function distinct(said: readonly string[]): string[] {
  return said.filter((text, at) => text !== "" && text !== said[at - 1]);
}
