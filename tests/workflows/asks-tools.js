export const meta = { name: 'asks-tools', description: 'Uses tools without a model' }

const listing = await tool('list_directory', { path: '.' })
const readme = await tool('read_file', { path: 'README.md' })
let missing
try {
  await tool('read_file', { path: 'no/such/file.md' })
} catch (error) {
  missing = error.name
}
return { readme: readme.includes('Lighthouse'), listed: listing.includes('README.md'), missing }
