export const meta = { name: 'tournament', description: 'Plans against each other, two by two' }

const WINNER = { type: 'object', properties: { winner: { type: 'string', enum: ['left', 'right'] }, reasons: { type: 'array', items: { type: 'string' }, minItems: 1 } }, required: ['winner', 'reasons'], additionalProperties: false }
let players = await parallel(Array.from({ length: 4 }, (_, n) => async () => ({ n, plan: await agent(`Plan ${n} [say:yes]`, { label: `plan ${n}` }) })))
const rounds = []
while (players.length > 1) {
  const pairs = players.flatMap((p, n) => (n % 2 ? [] : [[p, players[n + 1]]]))
  players = await Promise.all(pairs.map(async ([left, right]) => {
    if (!right) return left
    const { winner } = await agent(`Which is better?\nleft: ${left.plan}\nright: ${right.plan}`, { label: `${left.n} or ${right.n}`, schema: WINNER })
    return winner === 'left' ? left : right
  }))
  rounds.push(players.map((p) => p.n))
}
return { rounds, best: players[0].n }
