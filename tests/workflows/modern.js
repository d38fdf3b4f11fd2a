export const meta = { name: 'modern', description: 'Uses what the language has had since 2020' }

const prices = [{ item: 'pear', cents: 1_20 }, { item: 'fig', cents: 2_50 }, { item: 'nut', cents: 90 }]
const byPrice = prices.toSorted((a, b) => a.cents - b.cents)
const order = byPrice.map(({ item }) => item)
const log2 = prices.findLast((p) => p.cents > 100)?.item
const text = 'one-1, two-22; three-333'
const pairs = [...text.matchAll(/(?<word>\p{L}+)-(?<number>\d+)/gu)].map((m) => [m.groups.word, Number(m.groups.number)])
const { one, ...rest } = Object.fromEntries(pairs)
const settings = { depth: null, name: undefined }
settings.depth ??= 3
settings.name ||= 'unnamed'
settings.on &&= false
const money = (strings, ...values) => strings.reduce((all, s, n) => all + s + (n < values.length ? `${(values[n] / 100).toFixed(2)}€` : ''), '')
const tagged = money`${prices[0].cents} and ${prices[1].cents}`
const clone = structuredClone({ at: new Date(0), deep: { list: [1, [2]] } })
const big = 2n ** 64n
const source = { a: 1, get b() { return this.a + 1 }, ['c' + 3]: 3 }
outer: for (let i = 0; i < 3; i++) {
  for (let j = 0; j < 3; j++) {
    if (j === 1) continue outer
    if (i === 2) break outer
    settings.depth += i + j
  }
}
const stacked = [[1, 2], [3]].flat().with(1, 9).toReversed()
return {
  order, log2, one, rest, settings, tagged, stacked,
  clone: [clone.at.getTime(), clone.deep.list.at(-1)],
  big: big.toString(),
  own: Object.hasOwn(source, 'c3') && !Object.hasOwn(source, 'toString'),
  b: source.b,
  replaced: 'a.b.c'.replaceAll('.', '/'),
  behind: 'x=1;y=2'.match(/(?<=y=)\d/)[0],
  spliced: [1, 2, 3, 4].toSpliced(1, 2),
  error: new Error('outer', { cause: 'inner' }).cause,
  padded: '7'.padStart(3, '0'),
  entries: Object.entries({ x: 1 }).flatMap(([k, v]) => [k, v]),
  sum: Math.max(...new Set([3, 1, 3])) + Number.parseInt('12px', 10),
}
