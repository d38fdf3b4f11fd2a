export const meta = { name: 'semaphore', description: 'At most three at a time, by a semaphore of its own' }

function semaphore(most) {
  let running = 0
  let highest = 0
  const waiting = []
  const next = () => {
    if (running >= most || waiting.length === 0) return
    running++
    highest = Math.max(highest, running)
    const { job, resolve, reject } = waiting.shift()
    job().then(resolve, reject).finally(() => {
      running--
      next()
    })
  }
  const run = (job) => new Promise((resolve, reject) => {
    waiting.push({ job, resolve, reject })
    next()
  })
  return { run, highest: () => highest }
}

const gate = semaphore(3)
const jobs = Array.from({ length: 9 }, (_, n) => gate.run(() => agent(`Part ${n} [say:yes]`, { label: `part ${n}` })))
const parts = await Promise.all(jobs)
return { parts: parts.length, yes: parts.filter((p) => p === 'yes').length, highest: gate.highest() }
