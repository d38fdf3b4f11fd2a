export const meta = { name: 'parent-asks', description: 'Has another workflow do a part' }

phase('Count')
const byName = await workflow('child-counts', { text: 'one two three' })
const byPath = await workflow('./child-counts.js', { text: 'four' })
const byObject = await workflow({ scriptPath: '.claude/workflows/child-counts.js' }, { text: 'five six' })
let failed
try {
  await workflow('child-counts', {})
} catch (error) {
  failed = error.message
}
const both = await parallel([() => workflow('child-counts', { text: 'a b' }), () => workflow('child-counts')])
return { byName, byPath: byPath.words, byObject: byObject.words, failed, both }
