export const meta = { name: 'wrapped', description: 'A body in a function, hoisted names, loops of promises' }

var out = []
await (async function again(n) {
  if (n === 0) return
  out.push(hoisted(n))
  await again(n - 1)
})(3)
for await (const text of [agent('First [say:yes]'), Promise.resolve('second'), 'third']) out.push(text)
{
  using_block()
}
function hoisted(n) { return n * 10 }
function using_block() { out.push(typeof this) }
let timer = setTimeout(() => out.push('never'), 60_000)
clearTimeout(timer)
clearTimeout(undefined)
log(JSON.stringify(out))
globalThis.left = out
