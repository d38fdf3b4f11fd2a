// How fast an answer is written, from how much of it was there when.

export interface Sample {
  /** In ms. */
  at: number;
  /** How long the answer is, in characters. */
  length: number;
}

/** What was written in the last so many ms is what counts. */
const WINDOW = 4_000;
/** Less time than this, in ms, says nothing yet. */
const LEAST = 700;
/** A token has about so many characters. */
const CHARACTERS = 4;

/** The samples with another, without those that are too old. A shorter answer is another answer. */
export function sampled(samples: readonly Sample[], now: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && now.length < last.length) return [now];
  const recent = samples.filter((sample, at) => {
    const next = samples[at + 1];
    // One that is older than the window is kept, so that the window has a beginning.
    return now.at - sample.at <= WINDOW || (next !== undefined && now.at - next.at <= WINDOW);
  });
  return last && last.length === now.length && last.at === now.at ? recent : [...recent, now];
}

/** About how many tokens are written in a second; null while that cannot be said. */
export function tokensPerSecond(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < LEAST || last.length <= first.length) return null;
  return ((last.length - first.length) / CHARACTERS / (last.at - first.at)) * 1_000;
}
