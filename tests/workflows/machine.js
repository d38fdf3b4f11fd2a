export const meta = { name: 'machine', description: 'Goes from state to state' }

const START = Symbol('start')
let state = START
const trail = []
machine: while (true) {
  switch (state) {
    case START:
      state = 'draft'
      break
    case 'draft': {
      const said = await agent('Draft [say:no]', { label: 'draft' })
      trail.push(`draft ${said}`)
      state = trail.length < 3 ? 'draft' : 'done'
      continue machine
    }
    case 'done':
      break machine
    default:
      throw new Error(`no state ${String(state)}`)
  }
}
return trail
