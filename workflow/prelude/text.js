// ---- text: how values and errors are written, and the text types that the engine has not ----

// As they are before a script can put others in their place.
const { Array, Error, Map, Math, Number, Object, Promise, RangeError, Reflect, RegExp, Set, String, Symbol, TypeError, Uint8Array } = globalThis;
const { stringify, parse } = JSON;
const { getPrototypeOf } = Object;

const json = (value) => {
  const written = stringify(value === undefined ? null : value);
  return written === undefined ? 'null' : written;
};

// A value in a line of the log.
const shown = (value) => {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return String(value);
  try {
    return stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
};

// [name, message, stack, the names of the error's own classes].
const describe = (error) => {
  if (!(error instanceof Error)) return stringify(['Thrown', shown(error), '', []]);
  const cause = error.cause === undefined ? '' : `    caused by ${shown(error.cause)}\n`;
  const classes = [];
  for (let of = error.constructor; typeof of === 'function' && of !== Error && classes.length < 9; of = getPrototypeOf(of)) classes.push(String(of.name));
  return stringify([String(error.name), String(error.message), String(error.stack ?? '') + cause, classes]);
};

const named = (name, message) => {
  const error = new Error(message);
  error.name = name;
  return error;
};

const global = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') {
    const bytes = [];
    for (const character of String(text)) {
      let code = character.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
    return Uint8Array.from(bytes);
  }
}

class TextDecoder {
  constructor(label = 'utf-8') {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`TextDecoder reads utf-8, not ${label}`);
  }
  get encoding() { return 'utf-8'; }
  decode(of = new Uint8Array()) {
    const bytes = of instanceof ArrayBuffer ? new Uint8Array(of) : new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
    let text = '';
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at];
      const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
      let code = more <= 0 ? first : first & (0x3f >> more);
      let read = 1;
      while (read <= more && (bytes[at + read] & 0xc0) === 0x80) code = (code << 6) | (bytes[at + read++] & 63);
      const least = [0, 0x80, 0x800, 0x10000][more];
      const good = more >= 0 && read > more && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      text += good ? String.fromCodePoint(code) : '\ufffd';
      at += good ? more + 1 : 1;
    }
    return text.replace(/^\ufeff/, '');
  }
}

function structuredClone(value) {
  const seen = new Map();
  const copy = (of) => {
    if (typeof of === 'function' || typeof of === 'symbol') throw named('DataCloneError', `${String(of)} cannot be cloned`);
    if (of === null || typeof of !== 'object') return of;
    if (seen.has(of)) return seen.get(of);
    const keep = (made) => {
      seen.set(of, made);
      return made;
    };
    if (of instanceof Date) return keep(new Date(of.getTime()));
    if (of instanceof RegExp) return keep(new RegExp(of.source, of.flags));
    if (of instanceof ArrayBuffer) return keep(of.slice(0));
    if (ArrayBuffer.isView(of)) {
      const bytes = of.buffer.slice(of.byteOffset, of.byteOffset + of.byteLength);
      return keep(of instanceof DataView ? new DataView(bytes) : new of.constructor(bytes));
    }
    if (of instanceof Map) {
      const made = keep(new Map());
      for (const [key, item] of of) made.set(copy(key), copy(item));
      return made;
    }
    if (of instanceof Set) {
      const made = keep(new Set());
      for (const item of of) made.add(copy(item));
      return made;
    }
    if (of instanceof Error) {
      const made = keep(named(of.name, of.message));
      made.stack = of.stack;
      if ('cause' in of) made.cause = copy(of.cause);
      return made;
    }
    if (of instanceof Promise) throw named('DataCloneError', 'a promise cannot be cloned');
    const made = keep(Array.isArray(of) ? new Array(of.length) : {});
    for (const key of Object.keys(of)) made[key] = copy(of[key]);
    return made;
  };
  return copy(value);
}

for (const made of [TextEncoder, TextDecoder, structuredClone]) global(made.name, made);
