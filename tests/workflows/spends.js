export const meta = { name: 'spends', description: 'Goes on while there is something to spend' }

const seen = [[budget.total, budget.spent(), budget.remaining() === Infinity]]
let rounds = 0
while (budget.total && budget.remaining() > 100 && rounds < 20) {
  rounds += 1
  await agent(`Dig, round ${rounds} [spend]`, { label: `dig ${rounds}` })
  log(`${budget.remaining()} tokens are left`)
}
let over
if (args?.past) {
  try {
    for (;;) await agent('More [spend]')
  } catch (error) {
    over = error.name
  }
}
return { seen, rounds, over }
