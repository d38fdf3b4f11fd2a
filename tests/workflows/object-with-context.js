export default {
  meta: { name: 'object-with-context', description: 'Takes what it calls from its second argument' },

  async run(args, ctx) {
    const { agent: ask, parallel: all, log: tell } = ctx
    tell(`for ${args.who}`)
    const said = await all(['x', 'y'].map((n) => () => ask(`${n} for ${args.who} [say:no]`, { label: n })))
    return { said, args: ctx.args === args }
  },
}
