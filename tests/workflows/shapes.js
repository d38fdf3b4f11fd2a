export const meta = { name: 'shapes', description: 'Answers of every shape' }

const ask = (label, schema) => agent(`Give me ${label}.`, { label, schema })

const item = {
  type: 'object',
  additionalProperties: false,
  required: ['file', 'line', 'level', 'note'],
  properties: {
    file: { type: 'string', minLength: 1, maxLength: 300 },
    line: { type: ['integer', 'null'], minimum: 1 },
    level: { enum: ['low', 'high'] },
    note: { type: 'string' },
    tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, minItems: 2, maxItems: 3 },
  },
}

const [findings, code, score, choice, tree, list, text, deep] = await Promise.all([
  ask('findings', { type: 'object', properties: { findings: { type: 'array', items: item, minItems: 1, maxItems: 5 } }, required: ['findings'] }),
  ask('a code', { type: 'object', properties: { code: { type: 'string', pattern: '^[A-Z]{2,4}-\\d+$' }, date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } }, required: ['code', 'date'] }),
  ask('a score', { type: 'object', properties: { score: { type: 'number', minimum: 0, maximum: 1 }, rank: { type: 'integer', exclusiveMinimum: 2, maximum: 9 } }, required: ['score'] }),
  ask('a choice', { type: 'object', properties: { choice: { oneOf: [{ type: 'object', properties: { kind: { const: 'left' } }, required: ['kind'] }, { type: 'null' }] } }, required: ['choice'] }),
  ask('a tree', { $defs: { node: { type: 'object', properties: { name: { type: 'string' }, next: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/node' }] } }, required: ['name'] } }, type: 'object', properties: { root: { $ref: '#/$defs/node' } }, required: ['root'] }),
  ask('a list', { type: 'array', items: { type: 'boolean' }, minItems: 2 }),
  ask('a word', { type: 'string', enum: ['up', 'down'] }),
  ask('a deep one', { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'object', properties: { c: { type: 'array', items: { type: 'object', properties: { d: { type: 'boolean' } }, required: ['d'] } } }, required: ['c'] } }, required: ['b'] } }, required: ['a'] }),
])

const one = findings.findings[0]
return {
  levels: [one.level, one.tags.length, one.line === null || one.line >= 1],
  code: [/^[A-Z]{2,4}-\d+$/.test(code.code), /^\d{4}-\d\d-\d\d$/.test(code.date)],
  score: score.score >= 0 && score.score <= 1 && (score.rank === undefined || score.rank > 2),
  choice: choice.choice?.kind,
  tree: typeof tree.root.name,
  list, text, deep,
}
