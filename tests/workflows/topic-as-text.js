export const meta = {
  name: 'topic-as-text',
  description: 'Takes a question as plain text',
  phases: [{ title: 'Ask' }],
};

const question = (args || '').trim();
if (!question) {
  throw new Error('usage: topic-as-text QUESTION');
}

phase('Ask');
const angles = ['history', 'practice', 'critics'];
const found = await parallel(angles.map(angle => () => agent(
  `Question: ${question}\nLook at it from the side of ${angle}.`,
  { label: angle },
)));

return { question, angles: found.filter(Boolean).length };
