export const meta = { name: 'options', description: 'Every option that people give, and some that nobody knows' }

const common = { model: 'sonnet', effort: 'low', stallMs: 60000 }
const maybe = (on, of) => (on ? of : {})
const said = await Promise.all([
  agent('Plain [say:yes]'),
  agent('Spread [say:yes]', { ...common, label: 'spread', ...maybe(false, { schema: {} }) }),
  agent('Undefined [say:yes]', { label: undefined, schema: undefined, model: undefined, phase: undefined, agentType: undefined }),
  agent('Null [say:yes]', null),
  agent('Typed [say:yes]', { label: 'typed', agentType: 'reader', phase: 'Not in meta' }),
  agent('Apart [say:yes]', { label: 'apart', isolation: 'worktree' }),
  agent('Unknown [say:yes]', { label: 'unknown', temperature: 0.2, maxTurns: 3 }),
  agent('Bounded [say:yes]', { label: 'bounded', tools: ['read_file'], max_tool_calls: 3, timeout_ms: 60000, retries: 1, cache: false }),
])
return said.map((text) => text === 'yes')
