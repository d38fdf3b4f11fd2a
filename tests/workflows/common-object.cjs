const meta = {
  name: 'common-object',
  description: 'The older way to export',
  phases: [{ title: 'One' }],
};

async function run(args) {
  phase('One');
  const list = await pipeline(args.items, (item) => agent('Item ' + item + ' [say:no]', { label: String(item) }));
  return { list, none: list.every((said) => said === 'no') };
}

module.exports = { meta, run };
