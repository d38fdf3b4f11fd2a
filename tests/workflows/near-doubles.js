export const meta = { name: 'near-doubles', description: 'Finds titles that mean the same; no agent at all' }

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

const normal = (title) => title.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replace(/[^a-z0-9]+/g, ' ').trim()
const titles = Array.from({ length: 60 }, (_, n) => `Finding ${n % 20}: naïve ${'abcdefghij'[n % 10].repeat(5)} — thing`)
const groups = []
for (const title of titles) {
  const known = groups.find((group) => distance(normal(group[0]), normal(title)) === 0)
  if (known) known.push(title)
  else groups.push([title])
}
return { groups: groups.length, sizes: [...new Set(groups.map((g) => g.length))], first: normal(titles[0]) }
