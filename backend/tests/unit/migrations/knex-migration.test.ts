import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../src/config/root';

const MIGRATIONS = join(ROOT, 'migrations');
const LEGACY = join(ROOT, '../examples/legacy-polls/migrations');

const old = readdirSync(LEGACY, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name).slice(LEGACY.length + 1));
const files = readdirSync(MIGRATIONS).filter((name) => /\.[a-z]+$/.test(name));
const added = files.filter((name) => !old.includes(name));

interface KnexMigration {
  up?: unknown;
  down?: unknown;
  config?: { transaction?: boolean };
}

describe('the migrations of the reference backend', () => {
  it('has migrations of both kinds', () => {
    expect(old.length).toBeGreaterThan(10);
    expect(added.length).toBeGreaterThan(0);
  });

  it.each(old)('the old file %s is untouched, to the byte (US5)', (path) => {
    expect(readFileSync(join(MIGRATIONS, path)).equals(readFileSync(join(LEGACY, path)))).toBe(
      true,
    );
  });

  it.each(added)('%s is TypeScript under a name of Knex’s style, and a real moment', (name) => {
    expect(name).toMatch(/^\d{14}_[a-z0-9_]+\.ts$/);
    const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)/.exec(name)!;
    const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    expect(moment.toISOString().replace(/\D/g, '').slice(0, 14)).toBe(name.slice(0, 14));
  });

  it('the new ones come after all of the old ones, so that order is history', () => {
    const stamps = (names: string[]) => names.map((name) => name.slice(0, 14)).sort();
    const lastOld = stamps(old.filter((path) => !path.includes('/'))).at(-1) ?? '';
    for (const stamp of stamps(added)) expect(stamp > lastOld).toBe(true);
    expect(new Set(stamps(files)).size).toBe(files.length);
  });

  it.each(added)('%s has an up and a down (FR-008)', (name) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const migration = require(join(MIGRATIONS, name)) as KnexMigration;
    expect(typeof migration.up).toBe('function');
    expect(typeof migration.down).toBe('function');
  });

  it.each(added)('%s opts out of its transaction only for what needs it (FR-006)', (name) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { config } = require(join(MIGRATIONS, name)) as KnexMigration;
    const needsIt = readFileSync(join(MIGRATIONS, name), 'utf8').includes('CONCURRENTLY');
    expect(config?.transaction === false).toBe(needsIt);
  });
});
