// The changes that every tool applies: the same SQL, one statement each.

/**
 * @typedef {object} Change
 * @property {string} stamp `YYYYMMDDHHMMSS`
 * @property {string} subject such as `bench_00001`, also the table's name
 * @property {string} up
 * @property {string} down
 */

const FIRST = Date.UTC(2020, 0, 1);
const MINUTE_MS = 60_000;

/** What the tables are called that the changes make. */
export const TABLE_PREFIX = 'bench_';

/**
 * @param {number} count
 * @returns {Change[]}
 */
export function changes(count) {
  return Array.from({ length: count }, (_, index) => {
    const table = TABLE_PREFIX + String(index + 1).padStart(5, '0');
    const stamp = new Date(FIRST + index * MINUTE_MS).toISOString().replace(/\D/g, '').slice(0, 14);
    return {
      stamp,
      subject: table,
      up: `create table ${table} (id bigint primary key, name varchar(100) not null);\n`,
      down: `drop table ${table};\n`,
    };
  });
}
