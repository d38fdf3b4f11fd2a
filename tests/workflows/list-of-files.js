export const meta = { name: 'list-of-files', description: 'Reviews each file of a list' }

// Bare promises, with no host call around them.
if (!Array.isArray(args)) throw new TypeError('args must be a list of file names')
const reviews = await Promise.all(args.map((file) => agent(`Review ${file}.`, { label: file, model: 'haiku' })))
const [first, ...others] = reviews
return { files: args.length, first: Boolean(first), others: others.length }
