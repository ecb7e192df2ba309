import { resolveConfig } from '../../src/config/resolve';
import { createTemporary } from '../../src/throwaway/temporary';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';

describe('a shadow database', () => {
  let database: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${database.url}' };`,
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    project.remove();
    await database.drop();
  });

  it('that is older than a minute is not taken for one left behind, though nobody is at work in it', async () => {
    const config = await resolveConfig({ cwd: project.root });
    const open = () => createTemporary(database.config, config, []);
    // Its name tells when it was made.
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
    const old = await open();
    clock.mockRestore();
    const young = await open();
    const names = [old, young].map((one) => one?.connection.database);
    const found = await database.query('select from pg_database where datname = any($1)', [names]);
    expect(found).toHaveLength(2);
    for (const one of [old, young]) await one?.drop();
    expect(
      await database.query('select from pg_database where datname = any($1)', [names]),
    ).toEqual([]);
  });
});
