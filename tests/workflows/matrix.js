export const meta = { name: 'matrix', description: 'Pipelines inside of a barrier inside of a pipeline', phases: [{ title: 'Read' }] }

const modules = args?.modules ?? ['core', 'page']
phase('Read')
const grid = await parallel(modules.map((module) => () => pipeline(
  ['errors', 'tests'],
  (topic) => agent(`Look at ${topic} of ${module} [say:yes]`, { label: `${module}/${topic}`, phase: `Module ${module}` }),
  async (said, topic, n) => {
    if (module === 'page' && topic === 'tests') throw new Error('no tests there')
    const votes = await parallel([0, 1].map((v) => () => agent(`Vote ${v} on ${said} [say:yes]`, { phase: `Module ${module}` })))
    return `${module}:${topic}:${n}:${votes.join('+')}`
  },
  (line) => line.toUpperCase(),
)))
return Object.fromEntries(modules.map((module, n) => [module, grid[n]]))
