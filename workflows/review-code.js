export const meta = {
  name: 'review-code',
  description: 'Reviews code for correctness, security and performance at once, and ranks what it finds',
  whenToUse: 'Before a change is merged, or to look at a file or folder with fresh eyes',
  phases: [{ title: 'Review' }, { title: 'Rank' }],
  args: {
    type: 'object',
    properties: { target: { type: 'string', description: 'The file, folder or change to review; the whole project where absent' } },
  },
};

const target = (typeof args === 'string' ? args : args?.target) ?? 'the whole project';
const ASPECTS = ['correctness', 'security', 'performance'];

phase('Review');
const reviews = await parallel(ASPECTS.map((aspect) => () =>
  agent(`Review ${target} for ${aspect} alone. Name each finding with its file and line, how bad it is, and what to do.`, { label: aspect })));

const found = ASPECTS.map((aspect, at) => ({ aspect, review: reviews[at] })).filter((one) => one.review !== null);
if (found.length === 0) return { ok: false, output: 'No reviewer came to an end.', reviews: [] };

phase('Rank');
const output = await agent(
  `Three reviewers looked at ${target}. Merge what they found into one list, the worst first, without repeating anything.\n\n` +
    found.map(({ aspect, review }) => `## ${aspect}\n${review}`).join('\n\n'),
  { label: 'rank' });
return { ok: output !== null, output, reviews: found };
