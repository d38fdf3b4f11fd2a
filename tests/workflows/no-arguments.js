export const meta = { name: 'no-arguments', description: 'Says what it was given' }
const seen = { kind: typeof args, own: 'args' in globalThis, same: globalThis.args === args }
return { ...seen, list: Array.isArray(args), value: args === undefined ? 'undefined' : args }
