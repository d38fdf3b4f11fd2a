// ---- clock: there is none. A script of the body format is told so; the other formats get what the run began with ----

// `undefined`: asking throws. Else {now, seed}: milliseconds since 1970, and what random numbers grow from.
let began;

const refuse = (what) => {
  throw named('NotDeterministic', `${what} is not available in a workflow, because a replay would answer differently; pass the value in args`);
};

const RealDate = Date;
function WorkflowDate(...of) {
  if (new.target && of.length > 0) return Reflect.construct(RealDate, of, new.target === WorkflowDate ? RealDate : new.target);
  if (!began) refuse(new.target ? 'new Date() without a time' : 'Date()');
  const made = Reflect.construct(RealDate, [began.now], new.target && new.target !== WorkflowDate ? new.target : RealDate);
  return new.target ? made : made.toString();
}
Object.defineProperties(WorkflowDate, {
  name: { value: 'Date' },
  length: { value: 7 },
  prototype: { value: RealDate.prototype },
  UTC: { value: RealDate.UTC, writable: true, configurable: true },
  parse: { value: RealDate.parse, writable: true, configurable: true },
  now: { value: function now() { return began ? began.now : refuse('Date.now()'); }, writable: true, configurable: true },
});
RealDate.prototype.constructor = WorkflowDate;
global('Date', WorkflowDate);

// mulberry32, a small generator in the public domain by Tommy Ettinger.
Math.random = function random() {
  if (!began) refuse('Math.random()');
  began.seed = (began.seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(began.seed ^ (began.seed >>> 15), 1 | began.seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

// What would tell one run from another, or one machine from another.
for (const name of ['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'performance', 'gc', 'navigator', 'scriptArgs', 'print'])
  delete globalThis[name];
