export const meta = {
  name: 'plan-verify',
  description: 'Plans a task, has the plan checked against the code, and gives the work items',
  whenToUse: 'Before a larger change, to know what it takes and what could go wrong',
  phases: [{ title: 'Plan' }, { title: 'Verify' }, { title: 'Items' }],
  args: {
    type: 'object',
    properties: { task: { type: 'string', description: 'What is to be done' } },
    required: ['task'],
  },
};

const task = typeof args === 'string' ? args : args?.task;
if (!task) throw new Error('say what is to be done: {"task": "…"}');
const CHECK = {
  type: 'object',
  properties: {
    holds: { type: 'boolean' },
    problems: { type: 'array', items: { type: 'string' } },
  },
  required: ['holds', 'problems'],
};
const ITEMS = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    properties: { title: { type: 'string' }, files: { type: 'array', items: { type: 'string' } }, done_when: { type: 'string' } },
    required: ['title', 'done_when'],
  },
};

phase('Plan');
let plan = await agent(`Plan this task. Read the code that it touches first, and name files and functions.\n\n${task}`, { label: 'plan' });

phase('Verify');
let check = await agent(`Check this plan against the code: does what it names exist, is anything missing, what breaks?\n\n${plan}`, { label: 'verify', schema: CHECK });
if (check && !check.holds && check.problems.length > 0) {
  plan = await agent(`Mend the plan. Its problems:\n${check.problems.map((one) => `- ${one}`).join('\n')}\n\nThe plan:\n${plan}`, { label: 'mend' });
  check = await agent(`Check the mended plan against the code.\n\n${plan}`, { label: 'verify again', schema: CHECK });
}

phase('Items');
const items = await agent(`Cut this plan into work items, each of which can be done and checked by itself.\n\n${plan}`, { label: 'items', schema: ITEMS });
return { ok: plan !== null && items !== null, output: plan, holds: check?.holds ?? false, problems: check?.problems ?? [], items };
