export const meta = { name: 'chatter', description: 'Says all sorts of things, also odd ones', phases: [{ title: 'Ünïcode ✨' }] }

console.log('plain', 1, true, null, undefined, { a: [1] })
console.info('información')
console.warn('careful')
console.error(new TypeError('told, not thrown'))
console.debug([])
log('日本語 🗼 שלום')
log(`lone surrogate: ${'\ud83d'.length}`)
phase('Ünïcode ✨')
phase('Not announced')
const loop = {}
loop.self = loop
log(loop)
log('x'.repeat(10_000))
const said = await agent('Grüße 👋 [say:yes]', { label: 'Grüße 👋\nsecond line' })
return { said, length: '👋'.length, points: [...'👋'].length }
