export const meta = {
  name: 'triage-inbox',
  description: 'Sorts a list of reports by what they need',
  whenToUse: 'When many short reports have come in and somebody must say which is first',
  phases: [
    { title: 'Sort', detail: 'one agent per report' },
    { title: 'Plan', detail: 'what is done first', model: 'opus' },
  ],
}

// The arguments come as a JSON text from some tools and as an object from others.
const input = typeof args === 'string' ? JSON.parse(args) : args
const reports = input.reports.map((text, n) => ({ id: `R${n + 1}`, text }))

const KIND = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { type: 'string', enum: ['bug', 'wish', 'question'] },
    urgency: { type: 'integer', minimum: 1, maximum: 5 },
    why: { type: 'string', minLength: 3, maxLength: 200 },
  },
  required: ['kind', 'urgency', 'why'],
}

phase('Sort')
const sorted = await parallel(reports.map((report) => () =>
  agent(`Sort this report:\n\n${report.text}`, { label: `sort:${report.id}`, phase: 'Sort', schema: KIND })
    .then((found) => ({ ...report, ...found }))))

const kept = sorted.filter(Boolean)
log(`${kept.length} of ${reports.length} reports are sorted`)

phase('Plan')
const plan = await agent(
  `Order these by urgency:\n${kept.map((r) => `- ${r.id} (${r.kind}, ${r.urgency})`).join('\n')}`,
  { label: 'plan', phase: 'Plan', effort: 'high' })

return { sorted: kept.map(({ id, kind, urgency }) => ({ id, kind, urgency })), planned: typeof plan === 'string' && plan.length > 0 }
