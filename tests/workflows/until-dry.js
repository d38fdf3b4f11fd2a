export const meta = { name: 'until-dry', description: 'Hunts until two rounds find nothing new', phases: [{ title: 'Hunt' }] }

const ISSUES = { type: 'object', properties: { issues: { type: 'array', items: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] } } }, required: ['issues'] }
const seen = new Set()
let dry = 0
let round = 0
phase('Hunt')
do {
  round++
  const found = await agent(`Round ${round} [hunt]. Known: ${[...seen].join(', ') || '-'}`, { label: `round ${round}`, schema: ISSUES })
  const fresh = found.issues.filter(({ key }) => !seen.has(key))
  fresh.forEach(({ key }) => seen.add(key))
  dry = fresh.length ? 0 : dry + 1
  log('round', round, fresh.map((f) => f.key))
} while (dry < 2 && round < 10)
return { rounds: round, seen: [...seen].sort() }
