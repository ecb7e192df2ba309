import { type Client } from 'pg';
import {
  byBaseline,
  byFixScript,
  bySnapshot,
  type Finding,
  type Original,
} from '../explore/schemas/trips.js';
import { catalogOf, clientOf, makeCornerCases } from '../support/corner-cases.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { compareDumps, dumpAsSql, dumpSchema, majorOfPgDump } from '../support/pg-dump.js';

type Restore = (original: Original, copy: TestDatabase, client: Client) => Promise<Finding[]>;

describe('corner cases of PostgreSQL, with pg_dump as the judge (US8)', () => {
  let original: Original;
  /** What pg_dump's own restore loses: the order of columns where a parent's are among a table's own. */
  let lostByPgDump: string[];

  beforeAll(async () => {
    const database = await createDatabase();
    const client = await clientOf(database);
    await makeCornerCases(client);
    const hasJudge = (await majorOfPgDump()) !== null;
    const dump = hasJudge ? await dumpSchema(database.config) : null;
    original = { database, client, catalog: await catalogOf(client), dump };
    if (dump === null) return;
    lostByPgDump = await within(async (copy, second) => {
      await second.query(await dumpAsSql(database.config));
      return compareDumps(dump, await dumpSchema(copy.config));
    });
  });
  afterAll(async () => {
    await original.client.end();
    await original.database.drop();
  });

  async function within<T>(act: (copy: TestDatabase, client: Client) => Promise<T>): Promise<T> {
    const copy = await createDatabase();
    const client = await clientOf(copy);
    try {
      return await act(copy, client);
    } finally {
      await client.end();
      await copy.drop();
    }
  }

  it.each<[what: string, restore: Restore]>([
    ['a snapshot', bySnapshot],
    ['a baseline', byBaseline],
    ['a fix script', async (...args) => (await byFixScript(...args)).findings],
  ])('%s restores all that pg_dump does', async (_, restore) => {
    const findings = await within((copy, client) => restore(original, copy, client));
    const lost = findings.filter(({ what }) => !lostByPgDump?.includes(what));
    expect(lost).toEqual([]);
  });

  it('more than that is kept: but for one table, whose parent got a column later', async () => {
    if (original.dump === null) return;
    const findings = await within((copy, client) => bySnapshot(original, copy, client));
    expect(findings.map(({ what }) => what.split(';')[0])).toEqual([
      '- -- Name: mixed',
      '+ -- Name: mixed',
    ]);
    expect(lostByPgDump.length).toBeGreaterThan(findings.length);
  });
});
