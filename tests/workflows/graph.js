export const meta = { name: 'graph', description: 'A graph of steps with a switch and a batch' }

const review = (what) => ({
  id: `review-${what}`, kind: 'agent', deps: ['scope'], batch: 'reviews', maxRetries: 1,
  run: (ctx) => `Review the ${what} of ${ctx.results.scope.target}`,
})

return await flow({
  name: 'graph',
  description: 'reviews of a size that fits',
  batchConfig: { maxConcurrent: 2, joinRule: 'all_success' },
  steps: [
    { id: 'scope', kind: 'code', run: (ctx) => ({ target: ctx.input?.target ?? 'all', size: ctx.input?.size ?? 1 }) },
    review('names'), review('errors'), review('tests'),
    {
      id: 'which', kind: 'switch', deps: ['review-names', 'review-errors', 'review-tests'],
      cases: [
        { label: 'large', condition: (ctx) => ctx.results.scope.size > 10, stepIds: ['long-report'] },
        { label: 'small', condition: (ctx) => ctx.results.scope.size > 0, stepIds: ['short-report'] },
      ],
      defaultBranch: ['nothing'],
    },
    { id: 'long-report', kind: 'agent', deps: ['which'], run: () => 'Write a long report' },
    { id: 'short-report', kind: 'code', deps: ['which'], run: (ctx) => Object.keys(ctx.results).filter((id) => id.startsWith('review-')).length },
    { id: 'nothing', kind: 'code', deps: ['which'], run: () => 'nothing' },
    { id: 'end', kind: 'code', deps: ['long-report', 'short-report', 'nothing'], trigger_rule: 'all_done', run: () => 'over' },
  ],
  render: (ctx) => `${ctx.results['short-report']} reviews of ${ctx.results.scope.target}`,
  output: () => 'report.md',
}).then(({ states, report, file }) => ({ states, report, file }))
