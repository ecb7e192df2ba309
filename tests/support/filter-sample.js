'use strict';

const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const { createJiti } = require('jiti');

const ROOT = join(__dirname, '../..');

/**
 * Jest's `--filter` for `npm test`: the day's sample of the test files. Where Jest has been given a
 * pattern, it hands over fewer than there are, and all of those are run. (jiti, for what
 * `global-setup.ts` says.)
 */
module.exports = async (paths) => {
  const { filesOfSample } = await createJiti(__filename).import('./sizes.ts');
  return { filtered: paths.length < testFiles().length ? paths : filesOfSample(paths) };
};

/** All test files, as `testMatch` of jest.config.js has them. */
function testFiles() {
  const below = (folder) => readdirSync(join(ROOT, folder), { recursive: true });
  return [
    ...below('tests').filter((path) => /\.test\.(ts|mjs)$/.test(path) && !/^fixtures/.test(path)),
    ...below('backend/tests').filter((path) => /\.test\.ts$/.test(path)),
  ];
}
