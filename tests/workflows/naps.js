export const meta = { name: 'naps', description: 'Sleeps, in the order of the times' }
const order = []
const nap = async (ms) => {
  await sleep(ms)
  order.push(ms)
}
await Promise.all([nap(160), nap(10), nap(80)])
const first = await Promise.race([sleep(5).then(() => 'short'), sleep(90_000).then(() => 'long')])
await new Promise((resolve) => setTimeout(resolve))
return { order, first, nothing: (await sleep(0)) ?? 'nothing' }
