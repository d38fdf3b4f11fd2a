// ---- url: URL and URLSearchParams. The host reads and writes them, by the WHATWG's standard ----

const ask = (request) => parse(hostUrl(stringify(request)));

class URLSearchParams {
  #pairs = [];
  // Told when they change: the URL that they belong to.
  #changed;
  constructor(of = '', changed) {
    this.#changed = changed;
    if (typeof of === 'string') this.#pairs = ask({ do: 'pairs', query: of.replace(/^\?/, '') });
    else if (of && typeof of[Symbol.iterator] === 'function')
      this.#pairs = Array.from(of, ([name, value]) => [String(name), String(value)]);
    else this.#pairs = Object.entries(of ?? {}).map(([name, value]) => [name, String(value)]);
  }
  #set(pairs) {
    this.#pairs = pairs;
    this.#changed?.(this.toString());
  }
  get size() { return this.#pairs.length; }
  append(name, value) { this.#set([...this.#pairs, [String(name), String(value)]]); }
  delete(name, value) {
    this.#set(this.#pairs.filter(([key, of]) => key !== String(name) || (value !== undefined && of !== String(value))));
  }
  get(name) { return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value); }
  has(name, value) {
    return this.#pairs.some(([key, of]) => key === String(name) && (value === undefined || of === String(value)));
  }
  set(name, value) {
    const first = this.#pairs.findIndex(([key]) => key === String(name));
    if (first < 0) return this.append(name, value);
    this.#set(this.#pairs.filter(([key], at) => key !== String(name) || at === first)
      .map(([key, of], at) => (at === first ? [key, String(value)] : [key, of])));
  }
  sort() { this.#set(this.#pairs.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))); }
  forEach(run, on) { for (const [name, value] of this.#pairs) run.call(on, value, name, this); }
  *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
  *keys() { for (const [name] of this.#pairs) yield name; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return ask({ do: 'query', pairs: this.#pairs }); }
}

class URL {
  #parts;
  #params;
  constructor(url, base) {
    const parts = ask({ do: 'parse', url: String(url), base: base === undefined ? undefined : String(base) });
    if (!parts) throw new TypeError(`Invalid URL: ${String(url)}`);
    this.#parts = parts;
  }
  static canParse(url, base) { return URL.parse(url, base) !== null; }
  static parse(url, base) {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }
  get origin() { return this.#parts.origin; }
  get searchParams() {
    this.#params ??= new URLSearchParams(this.search, (query) => this.#change('search', query));
    return this.#params;
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
  #change(part, value) {
    const parts = ask({ do: 'set', url: this.#parts.href, part, value: String(value) });
    if (parts) this.#parts = parts;
    else if (part === 'href') throw new TypeError(`Invalid URL: ${String(value)}`);
  }
  static {
    for (const part of ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'])
      Object.defineProperty(URL.prototype, part, {
        get() { return this.#parts[part]; },
        set(value) {
          this.#change(part, value);
          if (part === 'href' || part === 'search') this.#params = undefined;
        },
        enumerable: true,
        configurable: true,
      });
  }
}

for (const made of [URL, URLSearchParams]) global(made.name, made);
