import { Client } from 'pg';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { describeWithPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer';

describeWithPgBouncer('through PgBouncer in transaction mode (US7)', () => {
  let database: TestDatabase;
  let role: TestRole;
  let pooler: PgBouncer;

  beforeAll(async () => {
    database = await createDatabase();
    role = await createRole();
    pooler = await startPgBouncer({ mode: 'transaction', roles: [role] });
  });
  afterAll(async () => {
    await pooler.stop();
    await role.drop(database);
    await database.drop();
  });

  it('the tests really go through it: a session setting stays with the server connection', async () => {
    const [first, second] = [0, 1].map(
      () => new Client({ connectionString: pooler.through(role.url(database)) }),
    ) as [Client, Client];
    await Promise.all([first.connect(), second.connect()]);
    await first.query("set lock_timeout = '1234ms'");
    const { rows } = await second.query('show lock_timeout');
    await Promise.all([first.end(), second.end()]);
    expect(rows).toEqual([{ lock_timeout: '1234ms' }]);
    expect(await pooler.console('show pools')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ user: role.name, pool_mode: 'transaction' }),
      ]),
    );
  });
});
