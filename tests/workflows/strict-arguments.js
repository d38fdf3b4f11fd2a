export const meta = { name: 'strict-arguments', description: 'Says what is wrong with its arguments' }

class UsageError extends Error {
  name = 'UsageError'
}

function check(given) {
  if (given === undefined) throw new UsageError('give it {"target": PATH}')
  if (typeof given.target !== 'string') {
    throw new UsageError(`target must be a text, and is ${JSON.stringify(given.target)}`)
  }
  return given.target
}

const target = check(args)
return { target }
