'use strict';

const steps = ['read', 'write'];

module.exports = async function run(args) {
  var done = [];
  for (var i = 0; i < steps.length; i++) {
    done.push(await agent('Please ' + steps[i] + ' [say:yes]', { label: steps[i] }));
  }
  return { done: done, name: (args || {}).name || 'nobody' };
};
