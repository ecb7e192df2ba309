import { SHARED_CATALOGS } from '../../src/throwaway/server-state';
import { createDatabase, type TestDatabase } from '../support/database';

describe('the catalogs that all databases share', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it('are known, each by its number', async () => {
    const rows = await database.query<{ relname: string; oid: number }>(
      "select relname, oid::int from pg_class where relisshared and relkind = 'r'",
    );
    const { pg_shdepend, ...shared } = Object.fromEntries(
      rows.map((row) => [row.relname, row.oid]),
    );
    expect(pg_shdepend).toBeDefined();
    // PostgreSQL 14 has no pg_parameter_acl yet.
    expect({ pg_parameter_acl: SHARED_CATALOGS.pg_parameter_acl, ...shared }).toEqual(
      SHARED_CATALOGS,
    );
  });
});
