export const meta = { name: 'time-limits', description: 'Gives up on what takes too long' }

class Late extends Error {
  constructor(what, ms) {
    super(`${what} took longer than ${ms} ms`)
    this.name = 'Late'
  }
}

function withLimit(promise, ms, what) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late(what, ms)), ms)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}

const quick = await withLimit(agent('Quick question [say:yes]', { label: 'quick' }), 60000, 'quick')
let slow
try {
  slow = await withLimit(agent('Think for a long time [slow]', { label: 'slow' }), 100, 'slow')
} catch (error) {
  if (!(error instanceof Late)) throw error
  slow = error.message
}
return { quick, slow }
