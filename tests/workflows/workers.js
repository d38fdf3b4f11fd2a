export const meta = { name: 'workers', description: 'Workers that take from one list' }

const jobs = Array.from({ length: 7 }, (_, n) => `job ${n}`)
const done = new Map()
const events = []
const listeners = new Set([(job) => events.push(job)])
const worker = async (name) => {
  let mine = 0
  for (let job; (job = jobs.shift()) !== undefined;) {
    const said = await agent(`${job} by a worker [say:yes]`, { label: job })
    done.set(job, said)
    listeners.forEach((hear) => hear(job))
    mine += 1
  }
  return mine
}
const each = await Promise.all(['a', 'b', 'c'].map(worker))
return { total: each.reduce((a, b) => a + b), done: done.size, heard: events.toSorted().length, left: jobs.length }
