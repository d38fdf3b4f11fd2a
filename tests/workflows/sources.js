export const meta = { name: 'sources', description: 'Counts the hosts of a list of links' }

const links = args.links ?? []
const hosts = new Map()
const bad = []
for (const link of links) {
  try {
    const url = new URL(link)
    url.hash = ''
    for (const key of [...url.searchParams.keys()]) if (key.startsWith('utm_')) url.searchParams.delete(key)
    const host = url.hostname.replace(/^www\./, '')
    if (!hosts.has(host)) hosts.set(host, new Set())
    hosts.get(host).add(url.href)
  } catch {
    bad.push(link)
  }
}
const query = new URLSearchParams({ q: 'two words', page: '2' })
return { hosts: Object.fromEntries([...hosts].map(([host, urls]) => [host, [...urls]])), bad, query: query.toString() }
