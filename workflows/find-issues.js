export const meta = {
  name: 'find-issues',
  description: 'Looks for issues round after round, until two rounds bring nothing new',
  whenToUse: 'To find as many real problems of a file, folder or project as there are, not just the first few',
  phases: [{ title: 'Look' }, { title: 'Sum up' }],
  args: {
    type: 'object',
    properties: {
      target: { type: 'string', description: 'The file or folder; the whole project where absent' },
      maxRounds: { type: 'integer', minimum: 1, maximum: 20, description: 'How many rounds at most; 5 where absent' },
    },
  },
};

const target = (typeof args === 'string' ? args : args?.target) || 'the whole project';
const rounds = Number(args?.maxRounds ?? 5);
const FOUND = {
  type: 'object',
  properties: {
    issues: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          title: { type: 'string' },
          place: { type: 'string', description: 'FILE:LINE' },
          severity: { enum: ['high', 'medium', 'low'] },
        },
        required: ['title', 'place', 'severity'],
      },
    },
  },
  required: ['issues'],
};

phase('Look');
const known = new Map();
let quiet = 0;
let round = 0;
while (round < rounds && quiet < 2) {
  round += 1;
  const told = [...known.values()].map((issue) => `- ${issue.title} (${issue.place})`).join('\n') || 'none yet';
  const answer = await agent(
    `Find real issues of ${target}: what is wrong, not what could be nicer. Read the files before you say anything of them.\n\n` +
      `These are known; do not name them again:\n${told}`,
    { label: `round ${round}`, schema: FOUND });
  const fresh = (answer?.issues ?? []).filter((issue) => !known.has(`${issue.place} ${issue.title}`));
  for (const issue of fresh) known.set(`${issue.place} ${issue.title}`, issue);
  quiet = fresh.length === 0 ? quiet + 1 : 0;
  log(`round ${round}: ${fresh.length} new`);
}

phase('Sum up');
const issues = [...known.values()];
if (issues.length === 0) return { ok: true, output: `No issues were found in ${target}.`, rounds: round, issues };
const output = await agent(
  `Write a short report on these issues of ${target}, the worst first:\n\n${JSON.stringify(issues, null, 2)}`,
  { label: 'report' });
return { ok: output !== null, output, rounds: round, issues };
