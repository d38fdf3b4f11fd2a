export const meta = { name: 'bears-failures', description: 'Tries again, and does without what will not come' }

const backoff = (n) => new Promise((r) => setTimeout(r, 2 ** n * 5))
async function stubborn(what, tries = 3) {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const said = await agent(`${what} ${attempt < tries ? '[die]' : '[say:yes]'} attempt ${attempt}`, { label: `${what} ${attempt}` })
    if (said !== null) return { said, attempt }
    log(`${what}: attempt ${attempt} came to nothing`)
    await backoff(attempt)
  }
  return null
}

const settled = await Promise.allSettled([
  stubborn('build'),
  (async () => { throw new TypeError('on purpose') })(),
])
const any = await Promise.any([Promise.reject(new Error('no')), agent('Any [say:no]')])
const gone = await parallel([() => agent('Gone [die]'), () => { throw 'text' }, async () => (await agent('There [say:yes]'))])
let cleaned = false
try {
  JSON.parse('{')
} catch ({ name }) {
  cleaned = name
} finally {
  log('cleaned up')
}
return { settled: settled.map((s) => s.value ?? `${s.reason.name}: ${s.reason.message}`), any, gone, cleaned }
