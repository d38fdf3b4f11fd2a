export const meta = {
  name: 'main-format',
  description: 'A default function, with a clock and chance of its run',
}

const PARTS = ['intro', 'body']

function pick(list) {
  return list[Math.floor(Math.random() * list.length)]
}

export function title(part) {
  return part[0].toUpperCase() + part.slice(1)
}

export default async function main(args) {
  const started = Date.now()
  const written = []
  for (const part of PARTS) {
    const text = await agent(`Write the ${part} of ${args.book}`, { label: title(part) })
    written.push({ part, ok: text.length > 0 })
  }
  console.warn('done with', written.length, 'parts')
  return { written, picked: PARTS.includes(pick(PARTS)), year: new Date(started).getFullYear() > 2000, same: Date.now() === started }
}
