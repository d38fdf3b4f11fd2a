export const meta = {
  name: 'multi-review',
  description: 'Reviews health, security and standards at once, and merges the three into one verdict',
  whenToUse: 'To judge a project or a part of it as a whole, with a score for each side',
  phases: [{ title: 'Review' }, { title: 'Merge' }],
  args: {
    type: 'object',
    properties: { target: { type: 'string', description: 'The file or folder; the whole project where absent' } },
  },
};

const target = (typeof args === 'string' ? args : args?.target) || 'the whole project';
const SIDES = {
  health: 'structure, tests, dead code, what will hurt whoever changes it next',
  security: 'what an attacker could use: input, paths, secrets, rights, dependencies',
  standards: 'whether it keeps to the conventions of its language and to its own',
};
const REVIEW = {
  type: 'object',
  properties: {
    score: { type: 'integer', minimum: 1, maximum: 10 },
    summary: { type: 'string' },
    findings: { type: 'array', items: { type: 'string' } },
  },
  required: ['score', 'summary', 'findings'],
};

phase('Review');
const sides = Object.keys(SIDES);
const answers = await parallel(sides.map((side) => () =>
  agent(`Review ${target} for its ${side}: ${SIDES[side]}. Give a score from 1 to 10 and name each finding with its place.`,
    { label: side, schema: REVIEW })));
const reviews = Object.fromEntries(sides.map((side, at) => [side, answers[at]]).filter(([, review]) => review !== null));
if (Object.keys(reviews).length === 0) return { ok: false, output: 'No reviewer came to an end.', reviews };

phase('Merge');
const output = await agent(
  `Merge these reviews of ${target} into one verdict: what is good, what must change, in which order.\n\n${JSON.stringify(reviews, null, 2)}`,
  { label: 'verdict' });
return { ok: output !== null, output, reviews };
