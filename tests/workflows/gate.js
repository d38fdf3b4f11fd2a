export const meta = { name: 'gate', description: 'Ships only what somebody has seen', phases: [{ title: 'Draft' }, { title: 'Gate' }] }

phase('Draft')
const draft = await agent('Write the announcement.', { label: 'draft' })
phase('Gate')
const seen = await approve('Ship the announcement?', { detail: draft })
if (!seen.approved) return { shipped: false, why: seen.comment }
const late = await approve('And tell everybody?', { timeout_ms: 150 }).catch((error) => ({ approved: false, why: error.name }))
return { shipped: true, comment: seen.comment, told: late.approved, why: late.why }
