'use strict';

const { createJiti } = require('jiti');

/**
 * Jest's `--filter` for `npm test`: the day's sample of the test files. Where files are named by a path, all of
 * them are run. (jiti, for what `global-setup.ts` says.)
 */
module.exports = async (paths) => {
  const { filesOfSample } = await createJiti(__filename).import('./sizes.ts');
  return { filtered: areNamed() ? paths : filesOfSample(paths) };
};

/** Whether the command line names test files, by a path: a word may be an option's value. */
function areNamed() {
  return process.argv.slice(2).some((word) => /^(?:tests|backend|compat)[/\\]/.test(word));
}
