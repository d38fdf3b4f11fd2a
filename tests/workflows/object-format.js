const LEVELS = ['low', 'high']

export const workflow = {
  name: 'object-format',
  description: 'An object with its functions',
  phases: [{ title: 'Work' }],
  levels: LEVELS,
  async one(level) {
    return agent(`Level ${level} [say:yes]`, { label: level })
  },
  async run(args) {
    phase('Work')
    const said = await Promise.all(this.levels.map((level) => this.one(level)))
    return { said, given: args }
  },
}
