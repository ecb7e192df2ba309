'use strict';

const { createJiti } = require('jiti');

/**
 * Jest's `--filter` for `npm test`: the day's sample of the test files. Where files are named, all of
 * them are run. (jiti, for what `global-setup.ts` says.)
 */
module.exports = async (paths) => {
  const { filesOfSample } = await createJiti(__filename).import('./sizes.ts');
  return { filtered: areNamed() ? paths : filesOfSample(paths) };
};

/** Whether the command line names test files. */
function areNamed() {
  return process.argv
    .slice(2)
    .some((word, at, all) => !word.startsWith('-') && all[at - 1] !== '--filter');
}
