// ---- flow: a graph of steps, on top of the calls. Steps begin in the order in which they are written ----

const KINDS = ['agent', 'code', 'approval', 'switch'];
const RULES = ['all_success', 'one_success', 'all_done'];
const FLOW_TIMEOUT = 5 * 60 * 1000;
// What a step that will not run any more is; the rest are pending and running.
const ENDED = ['completed', 'failed', 'skipped', 'cancelled', 'timed_out', 'blocked'];

const wrong = (message) => {
  throw named('InvalidFlow', message);
};

// What is wrong with a graph is said before its first step, by name.
function checked(steps, batchConfig) {
  if (!Array.isArray(steps) || steps.length === 0) wrong('flow({steps}): a list of at least one step is needed');
  list('flow', steps);
  const byId = new Map();
  for (const step of steps) {
    if (typeof step?.id !== 'string' || step.id === '') wrong('a step has no id');
    if (byId.has(step.id)) wrong(`two steps have the id \`${step.id}\``);
    if (!KINDS.includes(step.kind)) wrong(`step \`${step.id}\`: its kind is ${shown(step.kind)}, and must be one of ${KINDS.join(', ')}`);
    const rule = step.trigger_rule ?? 'all_success';
    if (!RULES.includes(rule)) wrong(`step \`${step.id}\`: its trigger_rule is ${shown(rule)}, and must be one of ${RULES.join(', ')}`);
    if (step.kind !== 'switch' && typeof step.run !== 'function') wrong(`step \`${step.id}\` has no function \`run\``);
    byId.set(step.id, step);
  }
  const known = (step, ids, what) => {
    for (const id of ids) if (!byId.has(id)) wrong(`step \`${step.id}\`: ${what} \`${shown(id)}\`, which is no step`);
  };
  for (const step of steps) {
    known(step, step.deps ?? [], 'it depends on');
    for (const branch of branches(step)) {
      if (branch.label !== undefined && typeof branch.condition !== 'function') wrong(`step \`${step.id}\`: its case \`${branch.label}\` has no function \`condition\``);
      known(step, branch.stepIds ?? [], 'a branch of it names');
    }
  }
  const rule = batchConfig?.joinRule ?? 'all_success';
  if (!RULES.includes(rule)) wrong(`batchConfig.joinRule is ${shown(rule)}, and must be one of ${RULES.join(', ')}`);
  const most = batchConfig?.maxConcurrent;
  if (most !== undefined && !(Number.isInteger(most) && most > 0)) wrong('batchConfig.maxConcurrent must be a whole number above 0');
  const path = [];
  const good = new Set();
  const visit = (id) => {
    if (good.has(id)) return;
    const at = path.indexOf(id);
    if (at >= 0) wrong(`the steps wait for each other: ${[...path.slice(at), id].join(' → ')}`);
    path.push(id);
    for (const dep of byId.get(id).deps ?? []) visit(dep);
    path.pop();
    good.add(id);
  };
  for (const step of steps) visit(step.id);
  return byId;
}

// The branches of a switch: its cases, then the default, which has no label.
function branches(step) {
  if (step.kind !== 'switch') return [];
  return [...(step.cases ?? []), ...(step.defaultBranch ? [{ stepIds: step.defaultBranch.stepIds ?? step.defaultBranch }] : [])];
}

async function flow(of) {
  const { name, steps, batchConfig, render, output, model } = of ?? {};
  const byId = checked(steps, batchConfig);
  const results = {};
  const states = Object.fromEntries(steps.map((step) => [step.id, 'pending']));
  const errors = {};
  const context = { input: globalThis.args, results, model };
  // The calls behind which the dependants of a step are: its own, and of one without any those that it is behind itself.
  const calls = {};
  const from = place?.after ?? [];
  const before = (step) => {
    const deps = step.deps ?? [];
    return deps.length === 0 ? from : [...new Set(deps.flatMap((id) => (calls[id] ??= before(byId.get(id)))))];
  };
  const asks = (step, run) => {
    const [running, made] = behind(before(step), run);
    if (made.length > 0) calls[step.id] = made;
    return running;
  };
  const inBatch = (step) => step.batch !== undefined && step.batch !== null && step.batch !== false;
  const ruleOf = (step) =>
    step.trigger_rule ?? ((step.deps ?? []).some((id) => inBatch(byId.get(id))) ? (batchConfig?.joinRule ?? 'all_success') : 'all_success');
  const dependants = (id) => steps.filter((step) => (step.deps ?? []).includes(id));
  const success = (id) => states[id] === 'completed';
  const passes = (id) => success(id) || states[id] === 'skipped';
  const ended = (id) => ENDED.includes(states[id]);

  // 'ready', 'blocked', 'skipped', or nothing yet.
  const outlook = (step) => {
    const deps = step.deps ?? [];
    const rule = ruleOf(step);
    if (rule === 'all_done') return deps.every(ended) ? 'ready' : undefined;
    if (rule === 'one_success') {
      if (deps.length === 0 || deps.some(success)) return 'ready';
      if (!deps.every(ended)) return undefined;
      return deps.every((id) => states[id] === 'skipped') ? 'skipped' : 'blocked';
    }
    if (deps.every(passes)) return 'ready';
    return deps.some((id) => ended(id) && !passes(id)) ? 'blocked' : undefined;
  };

  const choose = (step) => {
    const all = branches(step);
    const chosen = all.find((branch) => branch.label === undefined || branch.condition(context));
    if (chosen) {
      const taken = new Set(chosen.stepIds ?? []);
      for (const branch of all)
        for (const id of branch.stepIds ?? []) if (branch !== chosen && !taken.has(id) && states[id] === 'pending') states[id] = 'skipped';
    }
    if (!chosen) return '';
    return `branch:${chosen.label ?? 'default'}`;
  };

  const timeout = (step) => step.timeoutMs ?? (inBatch(step) ? batchConfig?.timeoutMs : undefined) ?? FLOW_TIMEOUT;
  const timed = (step, running) => {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(named('TimedOut', `step \`${step.id}\` took longer than ${timeout(step)} ms`)), timeout(step));
    });
    return Promise.race([running, late]).finally(() => clearTimeout(timer));
  };

  const perform = async (step) => {
    if (step.kind === 'switch') return choose(step);
    if (step.kind === 'code') {
      const running = asks(step, () => step.run(context));
      // What is there at once needs no timer.
      return running && typeof running.then === 'function' ? timed(step, running) : running;
    }
    const asked = await step.run(context);
    if (typeof asked !== 'string') throw new TypeError(`run() of step \`${step.id}\` must give a text`);
    if (step.kind === 'approval') {
      const said = await asks(step, () => approve(asked, { detail: step.detail, timeout_ms: timeout(step) }));
      if (!said.approved) throw named('Refused', `step \`${step.id}\` was refused${said.comment ? `: ${said.comment}` : ''}`);
      return said;
    }
    const { agent: agentType, model: of = model, schema, label = step.id } = step;
    for (let left = step.maxRetries ?? 0; ; left -= 1) {
      try {
        return await asks(step, () => agent(asked, { label, agentType, model: of, schema, timeout_ms: timeout(step) }));
      } catch (error) {
        if (error?.name !== 'TimedOut' || left <= 0) throw error;
        say(`flow: step \`${step.id}\` timed out, and is tried again`);
      }
    }
  };

  let fatal;
  const run = async (step) => {
    states[step.id] = 'running';
    calls[step.id] = before(step);
    try {
      if (step.when && !(await step.when(context))) {
        states[step.id] = 'skipped';
        return;
      }
      const result = await perform(step);
      results[step.id] = result ?? null;
      states[step.id] = step.kind === 'agent' && result === null ? 'cancelled' : 'completed';
    } catch (error) {
      errors[step.id] = shown(error);
      states[step.id] = error?.name === 'TimedOut' ? 'timed_out' : 'failed';
      const after = dependants(step.id);
      const borne = after.length > 0 && after.every((other) => ['one_success', 'all_done'].includes(ruleOf(other)));
      if (states[step.id] === 'timed_out' || step.kind === 'switch' || !borne) {
        error.message = error.message.includes(`\`${step.id}\``) ? error.message : `step \`${step.id}\`: ${error.message}`;
        fatal ??= error;
      }
    }
  };

  const running = new Map();
  for (;;) {
    for (let moved = true; moved && !fatal;) {
      moved = false;
      for (const step of steps) {
        if (states[step.id] !== 'pending') continue;
        const is = outlook(step);
        if (is === undefined) continue;
        const crowd = inBatch(step) ? Array.from(running.values()).filter((other) => other.step.batch === step.batch).length : 0;
        if (is === 'ready' && inBatch(step) && crowd >= (batchConfig?.maxConcurrent ?? Infinity)) continue;
        moved = true;
        if (is === 'ready') running.set(step.id, { step, over: run(step).then(() => step.id) });
        else states[step.id] = is;
      }
    }
    if (running.size === 0) break;
    running.delete(await Promise.race(Array.from(running.values(), (other) => other.over)));
    if (fatal) break;
  }
  if (fatal) throw fatal;
  const made = { name, status: 'completed', states, results, errors };
  if (render) made.report = await render(context);
  if (output) made.file = await output(context);
  return made;
}

global('flow', flow);
