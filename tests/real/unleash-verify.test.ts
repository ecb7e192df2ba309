import { join } from 'node:path';
import { type Client } from 'pg';
import { type Catalog } from '../../src/schema/catalog/model.js';
import { compareCatalogs } from '../../src/schema/compare.js';
import { findFixes, type DifferenceWithFix, type Fixes } from '../../src/repair/fixes.js';
import { catalogOf, clientOf } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createLegacyProject } from '../support/db-migrate.js';
import { differenceInShort } from '../support/planted-changes.js';
import { type Outcome, type Project } from '../support/project.js';
import { sampleOf } from '../support/sizes.js';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash.js';
import { CHANGES, WHAT_UNLEASH_LACKS } from '../support/unleash-changes.js';
import { createUnleashDatabase } from '../support/unleash-database.js';

interface Document extends Fixes {
  inSync: boolean;
  replayed: number;
}

describe('Unleash, built by real db-migrate and taken over: a change of each kind is found, alone, and fixed (FR-015)', () => {
  let project: Project;
  let database: TestDatabase;
  let client: Client;
  let expected: Catalog;
  const knexward = (of: TestDatabase, ...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: of.url });
  const verify = async (...args: string[]) => {
    const outcome = await knexward(database, 'verify', '--json', ...args);
    return { code: outcome.code, ...outcome.json<Document>() };
  };
  const compared = async (): Promise<Fixes> => {
    const actual = await catalogOf(client);
    return findFixes(expected, actual, compareCatalogs(expected, actual));
  };

  beforeAll(async () => {
    project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    database = await createUnleashDatabase();
    const adopt = await knexward(database, 'adopt', '--yes', '--time-zone', 'UTC');
    expect(adopt).toMatchObject({ code: 0 });
    project.write({ 'migrations/20991231000000_extras.up.sql': WHAT_UNLEASH_LACKS });
    expect(await knexward(database, 'up')).toMatchObject({ code: 0 });
    // What the migrations make, where nobody has changed anything: another database than the one
    // that db-migrate built.
    const replayed = await createDatabase();
    expect(await knexward(replayed, 'up')).toMatchObject({ code: 0 });
    const other = await clientOf(replayed);
    expected = await catalogOf(other);
    await other.end();
    await replayed.drop();
    client = await clientOf(database);
  });
  afterAll(async () => {
    await client.end();
    project.remove();
    await database.drop();
  });

  it('is in sync before', async () => {
    expect(await verify()).toMatchObject({
      ...{ code: 0, inSync: true, differences: [], script: [], replayed: UNLEASH_MIGRATIONS + 1 },
    });
    expect(CHANGES.length).toBeGreaterThanOrEqual(40);
  });

  it.each(sampleOf('changesOfUnleash', CHANGES))('%s: %s', async (_kind, sql, named) => {
    await client.query(sql);
    const { differences, script } = await compared();
    expect(differences.map(differenceInShort)).toEqual([named]);
    const statements = (differences[0] as DifferenceWithFix).fix;
    expect(statements).toEqual(script);
    for (const statement of statements) await client.query(statement);
    const left = await compared();
    expect({ statements, left: left.differences }).toEqual({ statements, left: [] });
  });

  it('all of them at once, by the command line: all are found, and its file brings all back', async () => {
    for (const [, sql] of CHANGES) await client.query(sql);
    const { code, differences } = await verify('--fix-script', 'fix.sql');
    expect(code).toBe(6);
    expect(differences.map(differenceInShort).sort()).toEqual(
      CHANGES.map(([, , named]) => named).sort(),
    );
    const file = project.read('fix.sql');
    expect(file).toContain('IT LOSES DATA');
    // One text, sent as it is: the server alone makes of it what it says.
    await client.query(file);
    expect(await verify()).toMatchObject({ code: 0, inSync: true, differences: [] });
  });
});
