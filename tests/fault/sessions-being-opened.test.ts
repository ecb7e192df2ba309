import { Client } from 'pg';
import { ControlConnection } from '../../src/transaction/control-connection';
import { Patience } from '../../src/transaction/patience';
import { createDatabase, type TestDatabase } from '../support/database';

const NAME = 'knexward of this test';

describe('a change fails while it is still opening connections (FR-009)', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  it('each session that appears is ended, and the end is confirmed', async () => {
    const open = async (): Promise<Client> => {
      const client = new Client({ connectionString: database.url, application_name: NAME });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    const patience = new Patience(undefined);
    const control = new ControlConnection(open, NAME, patience);
    await control.use((client) => client.query('select 1'));
    for (let round = 0; round < 10; round++) {
      const opening = Array.from({ length: 20 }, () => open().catch(() => null));
      await opening[round];
      expect(await control.endSessions([], true)).toBe(true);
      for (const client of await Promise.all(opening)) await client?.end();
    }
    await control.close();
    patience.close();
  });
});
