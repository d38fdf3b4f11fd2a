// ---- entry: what the engine calls ----

// Tells what the run begins with: {args?, clock?: {now, seed}, limits?: {agents, items}}.
function begin(text) {
  const given = parse(text);
  global('args', given.args);
  began = given.clock;
  limits = { ...limits, ...given.limits };
}

// What a script exports, as the function that is its body; `undefined` where its evaluation was all.
function exported(namespace) {
  for (const of of [namespace.default, namespace.workflow]) {
    if (typeof of === 'function') return of;
    for (const name of ['run', 'default'])
      if (of && typeof of === 'object' && typeof of[name] === 'function') return of[name].bind(of);
  }
  return undefined;
}

async function body(evaluation, namespace) {
  await evaluation;
  const run = exported(namespace);
  const result = run && (await run(globalThis.args, { args: globalThis.args, agent, parallel, pipeline, phase, log, workflow, tool, approve, sleep, flow, budget }));
  const left = Array.from(waiting.values()).filter((of) => of.kind !== 'timer');
  if (left.length > 0) note('floating', left.map((of) => `${of.kind} ${of.label}`));
  return json(result);
}

function answer(id, good, text) {
  const of = waiting.get(id);
  if (of === undefined) throw new Error(`call ${id} waits for nothing`);
  waiting.delete(id);
  if (of.run) return void of.run();
  const value = parse(text);
  if (good) return of.resolve(value);
  const error = named(value?.name ?? 'Error', typeof value === 'string' ? value : (value?.message ?? 'it failed'));
  error.stack = of.site.stack;
  of.reject(error);
}

const open = () => waiting.size;

return { describe, begin, body, answer, open };
