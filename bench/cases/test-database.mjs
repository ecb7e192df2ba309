// A test's own database, copied from the template, against the replay that it spares.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS, migrations, unleashCase } from './unleash.mjs';

const SCRIPT = fileURLToPath(new URL('./test-database-call.cjs', import.meta.url));

/** @returns {import('../cases.mjs').Case} */
export function testDatabaseCase() {
  return {
    id: 'test-database',
    group: 'test-database',
    title: 'A test database with the schema of Unleash',
    count: MIGRATIONS,
    enter(peer) {
      if (peer.id === 'knexward-sql') return replay(peer);
      return peer.id === 'knexward-js' ? call(peer) : 'makes no test databases';
    },
  };
}

function replay(peer) {
  const contestant = unleashCase().enter(peer);
  if (typeof contestant === 'string') return contestant;
  return { ...contestant, peer: { ...peer, id: 'replay', title: 'knexward up' } };
}

/** Measured by the process itself: a test runner has started it anyway. */
function call(peer) {
  return {
    peer: {
      ...peer,
      id: 'knexward-test-database',
      title: 'the library call',
      program: './test-database-call.cjs',
    },
    project: 'test-database',
    files: {
      ...peer.files([], { applied: 0, pending: 0, revert: 0 }),
      ...migrations(),
      'test-database-call.cjs': readFileSync(SCRIPT, 'utf8'),
    },
    seed: '',
    changes: true,
    args: [],
    says: /^took \d/m,
    tells: /^took ([\d.]+) ms, ([\d.]+) ms of CPU$/m,
    expected: {
      "select count(*)::int as n from pg_database where datname like 'knexward\\_test\\_%'": 0,
      "select count(*)::int as n from pg_class where relname = 'knex_migrations'": 0,
    },
  };
}
