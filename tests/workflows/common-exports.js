exports.meta = { name: 'common-exports', description: 'Exports one by one' };

exports.helper = (n) => n * 2;

exports.run = async (args) => {
  console.error('run of', typeof args);
  return { doubled: [1, 2].map(exports.helper), seeded: Math.random() === Math.random() };
};
