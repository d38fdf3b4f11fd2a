// ---- entry: what the engine calls ----

// Tells what the run begins with: {args?, clock?: {now, seed}, limits?: {agents, items, asks, text}}.
function begin(with_) {
  const given = parse(with_);
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
  const left = [];
  for (const id in waiting) if (waiting[id].kind !== 'timer') left.push(`${waiting[id].kind} ${waiting[id].label}`);
  if (left.length > 0) note('floating', left);
  const written = json(result);
  if (written.length > limits.text)
    throw named('LimitReached', `the result has ${written.length} characters, and may have ${limits.text}; raise limits.text, or put it into a file`);
  return written;
}

function answer(id, good, given) {
  asks = text = 0;
  const of = settled(id);
  if (of === undefined) throw new Error(`call ${id} waits for nothing`);
  if (of.run) return void of.run();
  const value = parse(given);
  if (good) return of.resolve(value);
  const error = named(value?.name ?? 'Error', typeof value === 'string' ? value : (value?.message ?? 'it failed'));
  // A script may say what a stack is; only a text can be one.
  const { stack } = of.site;
  if (typeof stack === 'string') error.stack = stack;
  of.reject(error);
}

return { describe, begin, body, answer, open: () => open };
