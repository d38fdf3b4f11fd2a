export const meta = { name: 'early', description: 'Returns before its end, and leaves something open' }
const left = agent('Nobody waits for this [slow]', { label: 'left' })
left.catch(() => {})
if (!args?.all) return { early: true }
return { early: false, said: await left }
