'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/*
 * Test files that take longest, whatever the size: they come first, so that in the end no core waits
 * for one of them. After them Jest decides: those that failed, by the time of the last run, by size.
 */
const LONGEST = [
  'real/knex-projects',
  'explore/explore',
  'fault/crash-matrix-kill',
  'fault/crash-matrix-server',
  'fault/fifty-runners',
  'fault/crash-matrix-cut',
  'real/rolling-cut-over',
  'integration/finish-and-undo',
  'real/db-migrate-cli',
  'real/documents',
  'fault/crash-and-race',
  'contract/baseline',
  'contract/error-codes',
  'integration/scopes',
  'integration/plan',
  'integration/embedded',
  'fault/crash-matrix-pgbouncer',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.findIndex((name) => path.endsWith(`/tests/${name}.test.ts`));
      return index < 0 ? LONGEST.length : index;
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
};
