export const meta = {
  name: 'bounty-hunt',
  description: 'Hunts for weaknesses from four sides at once, and has each finding checked by somebody else',
  whenToUse: 'To look for what an attacker could use, with false alarms sorted out',
  phases: [{ title: 'Hunt' }, { title: 'Check' }, { title: 'Report' }],
  args: {
    type: 'object',
    properties: { target: { type: 'string', description: 'The file or folder; the whole project where absent' } },
  },
};

const target = (typeof args === 'string' ? args : args?.target) || 'the whole project';
const SIDES = {
  injection: 'input that reaches a shell, a query, a path, a template or a parser',
  auth: 'who may do what: sign-in, sessions, rights, and what is not asked for them',
  crypto: 'secrets, keys, randomness, hashes, comparisons',
  logic: 'rules that can be got around: order, races, limits, money, retries',
};
const FINDINGS = {
  type: 'object',
  properties: {
    findings: {
      type: 'array',
      items: {
        type: 'object',
        properties: { title: { type: 'string' }, place: { type: 'string' }, how: { type: 'string', description: 'How it is used' } },
        required: ['title', 'place', 'how'],
      },
    },
  },
  required: ['findings'],
};
const VERDICT = {
  type: 'object',
  properties: { real: { type: 'boolean' }, severity: { enum: ['high', 'medium', 'low'] }, why: { type: 'string' } },
  required: ['real', 'severity', 'why'],
};

phase('Hunt');
const hunts = await parallel(Object.entries(SIDES).map(([side, what]) => () =>
  agent(`Hunt in ${target} for weaknesses of ${side}: ${what}. Only what you can show in the code.`, { label: side, schema: FINDINGS })));
const found = hunts.flatMap((hunt) => hunt?.findings ?? []);
log(`${found.length} findings to check`);

phase('Check');
const checked = await pipeline(found, async (finding) => {
  const verdict = await agent(`Try to refute this finding by reading the code. Is it real?\n\n${JSON.stringify(finding)}`, { label: finding.title, schema: VERDICT });
  return verdict && { ...finding, ...verdict };
});
const real = checked.filter((finding) => finding?.real);

phase('Report');
if (real.length === 0) return { ok: true, output: `Nothing of ${found.length} findings in ${target} is real.`, findings: [] };
const output = await agent(`Write a report on these weaknesses of ${target}, the worst first, each with what to do:\n\n${JSON.stringify(real, null, 2)}`, { label: 'report' });
return { ok: output !== null, output, findings: real };
