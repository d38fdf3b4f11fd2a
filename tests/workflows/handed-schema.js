export const meta = {
  name: 'handed-schema',
  description: 'Has a form for its arguments',
  args: {
    type: 'object',
    required: ['path'],
    properties: {
      path: { type: 'string', description: 'What to look at' },
      depth: { type: 'integer', minimum: 1, maximum: 4, default: 2 },
      kinds: { type: 'array', items: { enum: ['a', 'b'] } },
    },
  },
}
const { path, depth = 2, kinds = [] } = args
return `${path} ${depth} ${kinds.length}`
