export const meta = { name: 'votes', description: 'Three judges for each claim', phases: [{ title: 'Claims' }, { title: 'Vote' }] }

const CLAIMS = [
  { id: 1, text: 'The lamp turns [say:yes]' },
  { id: 2, text: 'The lamp sings [say:no]' },
]
const JUDGES = ['strict', 'kind', 'lazy']

phase('Vote')
const judged = await pipeline(
  CLAIMS,
  (claim) => parallel(JUDGES.map((judge) => () => agent(`As a ${judge} judge: ${claim.text}`, { label: `v${claim.id}:${judge}`, phase: 'Vote' }))),
  (votes, claim) => ({ id: claim.id, for: votes.filter((vote) => /^yes/i.test(vote ?? '')).length }),
)
const tally = judged.reduce((all, { id, for: yes }) => all.set(id, yes), new Map())
return { kept: CLAIMS.filter(({ id }) => tally.get(id) * 2 > JUDGES.length).map(({ id }) => id), tally: [...tally] }
