// What a tool has to say of itself to be measured, and the SQL that all of them need.

/**
 * @typedef {import('../migrations.mjs').Change} Change
 * @typedef {'up' | 'status' | 'down' | 'adopt'} Action
 * @typedef {{ applied: number, pending: number, revert: number }} Job how many of each
 * @typedef {object} Place where a command runs
 * @property {string} url the database's
 * @property {string} folder the project's
 */

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} title as the tables and the chart show it
 * @property {string | null} package whose version is named; `null` for knexward and the floors
 * @property {string} what what is measured of it, in half a sentence
 * @property {string | null} history its table of applied changes; `null` where it keeps none
 * @property {(changes: Change[], job: Job) => Record<string, string>} files the project, by path
 * @property {(changes: Change[]) => string} seed SQL that makes its history as if it had applied them
 * @property {RegExp} [idle] what it prints where there is nothing to do
 * @property {RegExp} [idleStatus] the same, of its status
 * @property {(action: Action, count: number, job: Job) => string[] | string} command
 *   its arguments, or in a text why it cannot; `count` is how many to apply or to revert
 * @property {string} program a script for Node.js, or a program of its own
 * @property {boolean} [native] the program is not a script
 * @property {string} [modules] the folder of its node_modules, where it is not the peers'
 * @property {(place: Place) => Record<string, string>} [env] beside DATABASE_URL
 * @property {boolean} [floor] no migration tool, but the least that the job takes
 */

/** @param {string} text */
export function quote(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A multi-row insert; nothing where there are no rows.
 *
 * @param {string} into table and columns
 * @param {readonly string[]} rows each `(…)`
 */
export function insert(into, rows) {
  return rows.length === 0 ? '' : `insert into ${into} values\n${rows.join(',\n')};\n`;
}

/** The files by the names that a function gives them. */
export function filesOf(changes, nameAndText) {
  return Object.fromEntries(changes.map(nameAndText));
}
