// What is measured. Each case turns the tools into contestants, or says why one cannot take part.
import { adoptCase, adoptedCase } from './cases/adopt.mjs';
import { standardCase } from './cases/standard.mjs';
import { testDatabaseCase } from './cases/test-database.mjs';
import { unleashBaselineCase, unleashCase } from './cases/unleash.mjs';

/**
 * @typedef {object} Contestant one tool in one case
 * @property {import('./peers/peer.mjs').Peer} peer
 * @property {string} project the name of its project's folder
 * @property {Record<string, string>} files the project
 * @property {boolean} [reset] the tool changes files of the project
 * @property {string} seed SQL that makes the database; empty for an empty one
 * @property {boolean} changes whether the run changes the database
 * @property {string[]} args
 * @property {RegExp} [says] what it must print
 * @property {RegExp} [tells] where it prints what the job itself took, in milliseconds of the clock and
 *   of CPU; without it, the whole process counts
 * @property {Record<string, number>} expected what the database must hold afterwards: SQL of one
 *   number, and the number
 *
 * @typedef {object} Case
 * @property {string} id
 * @property {string} title
 * @property {string} group cases that belong together in the chart
 * @property {number} count how many changes the job is about
 * @property {(peer: import('./peers/peer.mjs').Peer) => Contestant | string} enter
 */

/** @type {Case[]} */
export const CASES = [
  ...[0, 200, 2000, 10_000].map((applied) =>
    standardCase({ id: `nothing-${applied}`, group: 'nothing', action: 'up', applied }),
  ),
  adoptedCase(2000),
  adoptedCase(10_000),
  standardCase({ id: 'apply-1', group: 'apply', action: 'up', applied: 200, pending: 1 }),
  standardCase({ id: 'apply-200', group: 'apply', action: 'up', pending: 200 }),
  standardCase({ id: 'apply-2000', group: 'apply', action: 'up', pending: 2000 }),
  standardCase({ id: 'status-200', group: 'status', action: 'status', applied: 200 }),
  standardCase({ id: 'status-2000', group: 'status', action: 'status', applied: 2000 }),
  standardCase({ id: 'down-1', group: 'down', action: 'down', applied: 200, revert: 1 }),
  standardCase({ id: 'down-200', group: 'down', action: 'down', applied: 200, revert: 200 }),
  adoptCase(374),
  adoptCase(10_000),
  unleashCase(),
  unleashBaselineCase(),
  testDatabaseCase(),
];

/**
 * @param {string | undefined} names separated by commas; a name also stands for all that begin with it
 * @returns {Case[]}
 */
export function selectCases(names) {
  if (names === undefined) return CASES;
  return names.split(',').flatMap((name) => {
    const exact = CASES.filter(({ id }) => id === name);
    const found = exact.length > 0 ? exact : CASES.filter(({ id }) => id.startsWith(name));
    if (found.length > 0) return found;
    throw new Error(`No case "${name}". There are: ${CASES.map(({ id }) => id).join(', ')}.`);
  });
}
