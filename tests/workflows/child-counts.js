export const meta = { name: 'child-counts', description: 'Counts words, for others' }
const words = String(args?.text ?? '').split(/\s+/).filter(Boolean)
if (words.length === 0) throw new Error('there is nothing to count')
const said = await agent(`Count ${words.length} [say:yes]`, { label: 'count' })
return { words: words.length, said }
