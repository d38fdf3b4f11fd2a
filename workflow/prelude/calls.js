// ---- calls: what a script may ask for. Each is a step of the run; its answer comes when the host brings it ----

// The calls without an answer, by number: {resolve, reject, site, kind, label}; of a timer {run}. It has no prototype, which a
// script could change under it.
const waiting = { __proto__: null };
let open = 0;
const wait = (id, of) => {
  waiting[id] = of;
  open += 1;
};
const settled = (id) => {
  const of = waiting[id];
  if (of !== undefined) open -= 1;
  delete waiting[id];
  return of;
};
// How many agents there have been, and how many there may be; how long a list may be.
let agents = 0;
let limits = { agents: 1000, items: 4096, asks: 10000, text: 16777216 };
// What the script has asked for and said since the last answer: how often, and in how many characters.
let asks = 0;
let text = 0;
let current = null;
const unknown = new Set();

const counted = (payload) => {
  asks += 1;
  text += payload.length;
  if (asks > limits.asks)
    throw named('LimitReached', `the script asked for or said more than ${limits.asks} things without waiting for anything; raise limits.asks, or do less at a time`);
  if (text > limits.text)
    throw named('LimitReached', `what the script asked for and said without waiting has more than ${limits.text} characters; raise limits.text, or say less`);
  return payload;
};

const request = (kind, payload) => {
  const id = hostCall(kind, counted(json(payload)));
  if (id === 0) throw named('InvalidCall', `what is given to ${kind}() nests too deep: at most 100 objects and lists may lie in each other`);
  return id;
};

const note = (kind, payload) => hostNote(kind, counted(json(payload)));
const say = (message) => note('log', message);

// The place in a pipeline or a graph from which is being asked: {after, made}, the numbers of the calls that it comes after and of
// those made from it.
let place = null;

// Does something from a place behind these calls; with the calls that it makes before it waits for anything, those being behind
// which the next place is: what comes later cannot be told from what others ask for.
function behind(after, run) {
  const outer = place;
  const made = [];
  place = { after, made };
  try {
    return [run(), made];
  } finally {
    place = outer;
    outer?.made.push(...made);
  }
}

function call(kind, payload, label) {
  // Where the script asked: an answer that is an error has this place.
  const site = new Error();
  const id = request(kind, payload);
  if (place !== null) {
    if (place.after.length > 0) note('after', { step: id, steps: place.after });
    place.made.push(id);
  }
  return new Promise((resolve, reject) => wait(id, { resolve, reject, site, kind, label }));
}

const OPTIONS = ['label', 'phase', 'model', 'effort', 'schema', 'agentType', 'isolation', 'capabilities', 'tools', 'max_tool_calls',
  'max_tool_iters', 'timeout_ms', 'retries', 'cache', 'budget', 'stallMs'];

function agent(prompt, options) {
  if (typeof prompt !== 'string') throw new TypeError('agent(prompt, options): the prompt must be a string');
  if (options !== undefined && options !== null && typeof options !== 'object')
    throw new TypeError('agent(prompt, options): the options must be an object');
  if (options && typeof options.prompt === 'string')
    throw new TypeError('agent(id, {prompt}) is not a call of this format: write agent(prompt, {label: id})');
  if (agents >= limits.agents)
    throw named('LimitReached', `a run may have ${limits.agents} agents, and this is one more; raise limits.agents`);
  const total = budget.total;
  if (total !== null && budget.spent() >= total)
    throw named('BudgetSpent', `the budget of ${total} output tokens is spent (${budget.spent()}); start the run with a larger one`);
  agents += 1;
  const given = {};
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined || value === null) continue;
    if (OPTIONS.includes(key)) given[key] = value;
    else if (!unknown.has(key)) {
      unknown.add(key);
      say(`agent(): the option \`${key}\` is not known here, and is ignored`);
    }
  }
  given.phase ??= current ?? undefined;
  return call('agent', { prompt, ...given }, given.label ?? prompt.slice(0, 40));
}

const list = (name, of) => {
  if (of.length > limits.items)
    throw named('LimitReached', `${name}() was given ${of.length} items, and a list may have ${limits.items}; raise limits.items, or work in portions`);
  return of;
};

const caught = (name, index, error) => {
  say(`${name}[${index}]: ${shown(error)}`);
  return null;
};

async function parallel(thunks) {
  if (!Array.isArray(thunks)) throw new TypeError('parallel(thunks): an array of functions is needed');
  return Promise.all(list('parallel', thunks).map(async (thunk, index) => {
    try {
      if (typeof thunk !== 'function')
        throw new TypeError('it is no function: write () => agent(…), so that it begins when parallel() lets it');
      return await thunk();
    } catch (error) {
      return caught('parallel', index, error);
    }
  }));
}

async function pipeline(items, ...stages) {
  for (const stage of stages)
    if (typeof stage !== 'function') throw new TypeError('pipeline(items, ...stages): every stage must be a function');
  const from = place?.after ?? [];
  return Promise.all(list('pipeline', Array.from(items)).map(async (item, index) => {
    let value = item;
    let after = from;
    try {
      for (const stage of stages) {
        const [running, made] = behind(after, () => stage(value, item, index));
        if (made.length > 0) after = made;
        value = await running;
      }
      return value;
    } catch (error) {
      return caught('pipeline', index, error);
    }
  }));
}

function phase(title, more) {
  if (more !== undefined)
    throw new TypeError('phase(name, {agents}) is not a call of this format: write phase(title), then call agent() for each of them');
  current = String(title);
  note('phase', current);
}

function log(...of) {
  say(of.map(shown).join(' '));
}

function workflow(of, given) {
  // Some scripts name the file in an object.
  const name = of !== null && typeof of === 'object' && typeof of.scriptPath === 'string' ? of.scriptPath : of;
  if (typeof name !== 'string') throw new TypeError('workflow(name, args): the name, or the path of a file, must be a string');
  return call('workflow', given === undefined ? { name } : { name, args: given }, name);
}

function tool(name, given) {
  if (typeof name !== 'string') throw new TypeError('tool(name, args): the name must be a string');
  return call('tool', { name, args: given ?? {}, phase: current ?? undefined }, name);
}

function approve(question, options) {
  if (typeof question !== 'string') throw new TypeError('approve(question, {detail, timeout_ms}): the question must be a string');
  const { detail, timeout_ms } = options ?? {};
  return call('approve', { question, detail, timeout_ms, phase: current ?? undefined }, question);
}

const milliseconds = (name, of) => {
  const ms = Number(of ?? 0);
  if (Number.isNaN(ms)) throw new TypeError(`${name}: the time must be a number of milliseconds`);
  return Math.min(Math.max(0, Math.trunc(ms)), 2 ** 40);
};

function sleep(ms) {
  return call('sleep', { ms: milliseconds('sleep(ms)', ms) }, 'sleep');
}

function setTimeout(run, ms, ...of) {
  if (typeof run !== 'function') throw new TypeError('setTimeout(run, ms): a function is needed');
  const id = request('sleep', { ms: milliseconds('setTimeout', ms) });
  wait(id, { run: () => run(...of), kind: 'timer', label: 'setTimeout' });
  return id;
}

function clearTimeout(id) {
  if (waiting[id]?.kind !== 'timer') return;
  settled(id);
  note('cancel', id);
}

function setInterval() {
  throw named('NotAvailable', 'setInterval() is not available in a workflow: write a loop with `await sleep(ms)`');
}

const require = (name) => {
  throw named('NotAvailable', `require(${shown(name)}) is not available in a workflow: it has no modules but files of its own folder, by import`);
};

const budget = {
  get total() {
    const total = hostBudget(0);
    return total < 0 ? null : total;
  },
  spent() { return hostBudget(1); },
  remaining() {
    const total = hostBudget(0);
    return total < 0 ? Infinity : Math.max(0, total - hostBudget(1));
  },
};

for (const made of [agent, parallel, pipeline, phase, log, workflow, tool, approve, sleep, setTimeout, clearTimeout, setInterval, require])
  global(made.name, made);
global('budget', budget);
global('console', Object.fromEntries(['log', 'info', 'warn', 'error', 'debug', 'trace'].map((name) => [name, log])));
