export const meta = { name: 'deep-error', description: 'Fails in a function that an answer leads to' }

const parse = (text) => {
  const found = text.match(/score: (\d+)/)
  return Number(found[1])
}

async function score(what) {
  const said = await agent(`Score ${what} [say:no]`, { label: what })
  return parse(said)
}

return await Promise.all(['a', 'b'].map(score))
