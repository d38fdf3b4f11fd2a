export const meta = { name: 'kinds-of-functions', description: 'Classes, generators and iterators' }

class Queue {
  #items = []
  static made = 0
  static { Queue.ready = true }
  constructor(items = []) { this.#items = [...items]; Queue.made++ }
  get size() { return this.#items.length }
  set only(item) { this.#items = [item] }
  push(item) { this.#items.push(item); return this }
  *[Symbol.iterator]() { yield* this.#items }
  static of(...items) { return new this(items) }
}

class Named extends Queue {
  constructor(name, items) { super(items); this.name = name }
  toString() { return `${this.name}(${super.size})` }
  get [Symbol.toStringTag]() { return 'Named' }
}

function* numbers(from = 0) {
  let step = 1
  for (let n = from; ; n += step) step = (yield n) ?? step
}

async function* asked(names) {
  for (const name of names) yield agent(`Ask ${name} [say:yes]`, { label: name })
}

const queue = new Named('q', ['a', 'b']).push('c')
const counting = numbers(5)
counting.next()
const counted = [counting.next().value, counting.next(10).value]
const answers = []
for await (const answer of asked(queue)) answers.push(answer)
const lazy = new Proxy({}, { get: (_, key) => `no ${String(key)}` })
const memo = new WeakMap([[queue, 1]])
return { text: `${queue}`, tag: Object.prototype.toString.call(queue), made: Queue.made, ready: Named.ready, counted, answers, lazy: lazy.x, memo: memo.get(queue), size: Queue.of(1, 2).size }
