'use strict';

const { readFileSync } = require('node:fs');
const { createJiti } = require('jiti');

/** What a test file imports where it runs more with `KNEXWARD_TESTS=all`. */
const SIZED = /\/support\/(sizes|crash-matrix-suite)(\.js)?'/;

/** Jest's `--filter` for `npm run test:rest`: the files of which `npm test` ran nothing, or a part. */
module.exports = async (paths) => {
  const { filesOfSample } = await createJiti(__filename).import('./sizes.ts');
  const sample = new Set(filesOfSample(paths));
  const isLeft = (path) => !sample.has(path) || SIZED.test(readFileSync(path, 'utf8'));
  return { filtered: paths.filter(isLeft) };
};
