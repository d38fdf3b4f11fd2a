export const meta = { name: 'thrown-text', description: 'Throws what is no error' }
await agent('Before [say:yes]')
throw args?.object ? { code: 7, why: 'no' } : 'only a text'
