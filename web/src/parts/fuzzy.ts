// Finding by a few letters: `rnc` finds “Rename the chat”. Letters that stand together or begin words count more.

export interface Match {
  /** The higher, the better. */
  score: number;
  /** The places of the letters that were found. */
  at: number[];
}

const START = 8;
const WORD = 5;
const TOGETHER = 6;
const NONE = -1e9;

/** Letters without case and accents; as many as the text has, so that places fit. */
function plain(text: string): string {
  return Array.from({ length: text.length }, (_, index) => {
    const letter = text[index] ?? "";
    return letter.normalize("NFD")[0]?.toLowerCase()[0] ?? letter;
  }).join("");
}

function beginsWord(text: string, index: number): boolean {
  const [before = "", letter = ""] = [text[index - 1], text[index]];
  return /[^\p{L}\p{N}]/u.test(before) || (/\p{Lu}/u.test(letter) && /\p{Ll}/u.test(before));
}

/** The best way to find a word's letters in a text, in order; null where they are not all there. */
function word(wanted: string, text: string, letters: string): Match | null {
  let from = 0;
  for (const letter of wanted) {
    from = letters.indexOf(letter, from) + 1;
    if (from === 0) return null;
  }
  // best[i][j]: the best score with the letters up to i found and letter i found at j.
  const best: number[][] = [];
  const came: number[][] = [];
  for (let i = 0; i < wanted.length; i += 1) {
    const row = new Array<number>(letters.length).fill(NONE);
    const back = new Array<number>(letters.length).fill(-1);
    let reach = i === 0 ? 0 : NONE;
    let reached = -1;
    for (let j = i; j < letters.length; j += 1) {
      const before = best[i - 1]?.[j - 1] ?? NONE;
      if (i > 0 && j > 1 && (best[i - 1]?.[j - 2] ?? NONE) > reach) {
        reach = best[i - 1]?.[j - 2] ?? NONE;
        reached = j - 2;
      }
      if (wanted[i] !== letters[j]) continue;
      const bonus = j === 0 ? START : beginsWord(text, j) ? WORD : 0;
      const together = before + TOGETHER;
      const apart = reach - (i === 0 ? Math.min(j, 6) * 0.3 : 2);
      row[j] = 1 + bonus + Math.max(together, apart);
      back[j] = together >= apart ? j - 1 : reached;
    }
    best.push(row);
    came.push(back);
  }
  const last = best.at(-1) ?? [];
  let place = last.reduce((top, score, index) => (score > (last[top] ?? NONE) ? index : top), 0);
  const score = last[place] ?? NONE;
  const at: number[] = [];
  for (let i = wanted.length - 1; i >= 0; i -= 1) {
    at.unshift(place);
    place = came[i]?.[place] ?? -1;
  }
  return { score, at };
}

/** Finds each word of a query in a text, or else in `words` that stand for it; null where one is in neither. */
export function fuzzy(query: string, text: string, words = ""): Match | null {
  const letters = plain(text);
  const other = plain(words);
  let score = 0;
  const at = new Set<number>();
  for (const wanted of plain(query).split(/\s+/)) {
    if (wanted === "") continue;
    const found = word(wanted, text, letters);
    const elsewhere = other ? word(wanted, words, other) : null;
    if (!found && !elsewhere) return null;
    score += Math.max(found?.score ?? NONE, (elsewhere?.score ?? NONE) * 0.6);
    for (const place of found?.at ?? []) at.add(place);
  }
  return { score: score - text.length * 0.02, at: [...at].sort((a, b) => a - b) };
}
