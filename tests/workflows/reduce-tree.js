export const meta = { name: 'reduce-tree', description: 'Sums up pairs until one text is left' }

const chunks = (list, size) => list.length ? [list.slice(0, size), ...chunks(list.slice(size), size)] : []
let depth = 0
async function reduce(texts) {
  if (texts.length <= 1) return texts[0] ?? ''
  depth += 1
  const level = depth
  const next = await parallel(chunks(texts, 2).map((pair, n) => () =>
    pair.length === 1 ? pair[0] : agent(`Sum up:\n${pair.join('\n---\n')} [say:yes]`, { label: `level ${level}, pair ${n}` })))
  return reduce(next)
}
const left = await reduce(Array.from({ length: 5 }, (_, n) => `text ${n}`))
return { left, depth }
