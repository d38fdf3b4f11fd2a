export const meta = {
  name: 'deep-research',
  description: 'Splits a question, looks into each part at once, has the claims checked, and writes the answer',
  whenToUse: 'For a question that takes more than one look: how something works, why it is so, what there is',
  phases: [{ title: 'Scope' }, { title: 'Search' }, { title: 'Verify' }, { title: 'Write' }],
  args: {
    type: 'object',
    properties: { query: { type: 'string', description: 'The question' } },
    required: ['query'],
  },
};

const query = typeof args === 'string' ? args : args?.query;
if (!query) throw new Error('say what is to be found out: {"query": "…"}');
const PARTS = { type: 'array', minItems: 2, maxItems: 6, items: { type: 'string' } };
const CLAIMS = {
  type: 'object',
  properties: {
    claims: {
      type: 'array',
      items: {
        type: 'object',
        properties: { claim: { type: 'string' }, source: { type: 'string', description: 'Where it stands: a file and line, or an address' } },
        required: ['claim', 'source'],
      },
    },
  },
  required: ['claims'],
};
const VERDICT = {
  type: 'object',
  properties: { holds: { type: 'boolean' }, why: { type: 'string' } },
  required: ['holds', 'why'],
};

phase('Scope');
const parts = await agent(`Split this question into two to six parts that can be looked into each by itself:\n\n${query}`, { label: 'scope', schema: PARTS });
if (parts === null) return { ok: false, output: 'The question could not be split.', claims: [] };

phase('Search');
const answers = await parallel(parts.map((part, at) => () =>
  agent(`Find out: ${part}\n\nIt is a part of this question: ${query}\nName each claim with its source; leave out what you did not see.`, { label: `part ${at + 1}`, schema: CLAIMS })));
const claims = answers.flatMap((answer) => answer?.claims ?? []).slice(0, 40);

phase('Verify');
const verdicts = await parallel(claims.map((claim, at) => () =>
  agent(`Does this claim follow from its source? Look at the source.\n\n${JSON.stringify(claim)}`, { label: `claim ${at + 1}`, schema: VERDICT })));
const held = claims.filter((_, at) => verdicts[at]?.holds);
log(`${held.length} of ${claims.length} claims hold`);

phase('Write');
const output = await agent(
  `Answer this question from these claims alone, with their sources, and say what is left open:\n\n${query}\n\n${JSON.stringify(held, null, 2)}`,
  { label: 'answer' });
return { ok: output !== null, output, claims: held, refuted: claims.length - held.length };
