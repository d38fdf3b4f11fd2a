export const meta = { name: 'own-names', description: 'Has variables of its own where the host has names', phases: [] }

const args = globalThis.args ?? { topic: 'nothing' }
const budget = { calls: 3, used: 0 }
let log = (line) => console.log(`[own] ${line}`)
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const said = []
while (budget.used < budget.calls) {
  budget.used += 1
  said.push(await agent(`Say something of ${args.topic}, ${budget.used} of ${budget.calls}`, { label: `say ${budget.used}` }))
  await sleep(5)
}
log(`asked ${budget.used} times`)
return { topic: args.topic, all: said.every((text) => text.length > 0), total: globalThis.budget.total }
