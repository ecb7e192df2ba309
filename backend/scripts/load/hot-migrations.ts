import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../src/config/root.js';

/** Changes of the tables that every vote touches, written as docs/configuration.md has them. */
const CHANGES: Record<string, string> = {
  note_on_votes: 'ALTER TABLE votes ADD COLUMN note text',
  source_on_votes: `ALTER TABLE votes ADD COLUMN source varchar(20) NOT NULL DEFAULT 'web'`,
  short_notes:
    'ALTER TABLE votes ADD CONSTRAINT votes_note_short CHECK (length(note) <= 500) NOT VALID',
  short_notes_checked: 'ALTER TABLE votes VALIDATE CONSTRAINT votes_note_short',
  votes_by_time:
    '-- knexward: no-transaction\nCREATE INDEX CONCURRENTLY votes_voted_at_idx ON votes (voted_at)',
  asked_at: 'ALTER TABLE questions ADD COLUMN asked_at timestamptz NOT NULL DEFAULT now()',
  locale_of_participants: 'ALTER TABLE participants ADD COLUMN locale varchar(10)',
  locale_filled: `UPDATE participants SET locale = 'en' WHERE locale IS NULL`,
  longer_titles: 'ALTER TABLE rooms ALTER COLUMN title TYPE varchar(200)',
  results_by_source: `CREATE VIEW votes_by_source AS SELECT source, count(*) FROM votes GROUP BY source`,
  no_note: 'ALTER TABLE votes DROP COLUMN note',
};

/** How many there are. */
export const HOT_MIGRATIONS = Object.keys(CHANGES).length;

/**
 * Writes the next release's project to a folder: the backend's own migrations and these, under the
 * settings of the backend's own knexfile.
 */
export function writeNextRelease(folder: string): void {
  const migrations = join(folder, 'migrations');
  mkdirSync(migrations, { recursive: true });
  Object.entries(CHANGES).forEach(([name, sql], index) => {
    const stamp = String(20_990_101_000_000 + index);
    writeFileSync(join(migrations, `${stamp}_${name}.up.sql`), `${sql};\n`);
  });
  const text = (value: string): string => JSON.stringify(value);
  writeFileSync(
    join(folder, 'knexfile.js'),
    `const { migrationSource } = require(${text(require.resolve('knexward'))});
const { default: { test } } = require(${text(join(ROOT, 'dist/src/config/knexfile.js'))});
const directory = [${text(join(ROOT, 'migrations'))}, ${text(migrations)}];
module.exports = { ...test, migrations: { ...test.migrations, migrationSource: migrationSource({ directory }) } };
`,
  );
}
