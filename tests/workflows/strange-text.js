#!/usr/bin/env reenact
// @ts-check
/**
 * A header that somebody's tool wrote. It has words in it that look like code:
 *   export const meta = { name: 'wrong' }
 *   import x from 'nowhere'
 */
export const meta = {
  "name": "strange-text",
  'description': 'Text that looks like code, \'quotes\' and "more"',
  phases: [{ title: `Only`, },],
};

/* return 'early' */
const SAMPLE = `
import fs from 'fs'
export default function () { return "no" }
\`code\` and \${not a hole} and ${['a', `nested ${'hole'}`].join('|')}
`
const pattern = /['"`]export\s+const[/]\//g // a regex with quotes: ' " `
const url = 'https://example.com//path' // not a comment: //
const html = '<!-- ' + "--> </script>"
var typeName = 'type Foo = string', as = 1, of = 2, get = 3, async = 4, type = 5, from = 6
label: { if (as) break label }
const quotient = of / get / async
const said = await agent(`Read this:\n\`\`\`js\n${SAMPLE}\`\`\`\n[say:yes]`, { label: 'sample' })
return { lines: SAMPLE.split('\n').length, hole: SAMPLE.includes('nested hole'), url, html, type, from, typeName, quotient: quotient > 0.1, match: pattern.test(`"export const//`), said }
