import { resolveConfig } from '../../src/config/resolve';
import { openShadow } from '../../src/throwaway/shadow';
import { createTemporary } from '../../src/throwaway/temporary';
import { createDatabase, createRole, type TestDatabase } from '../support/database';
import { createProject, type Project } from '../support/project';

describe('a temporary database', () => {
  let database: TestDatabase;
  let project: Project;

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${database.url}' };`,
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const open = async (connection = database.config) => {
    const temporary = await createTemporary(
      connection,
      await resolveConfig({ cwd: project.root }),
      ['public', 'app'],
    );
    if (temporary === null) throw new Error('The role may create databases.');
    return temporary;
  };

  it('is not taken for one left behind by the next, though nobody is connected to it', async () => {
    const made = [await open(), await open()];
    const names = made.map(({ connection }) => connection.database);
    const there = () => database.query('select from pg_database where datname = any($1)', [names]);
    expect(await there()).toHaveLength(2);
    for (const { drop } of made) await drop();
    expect(await there()).toEqual([]);
  });

  it('is had from knexward.shadow by a role that may not ask which cluster it is on', async () => {
    const role = await createRole({ createDatabase: true });
    await database.query('revoke execute on function pg_control_system() from public');
    const url = role.url(database);
    project.write({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${url}', knexward: { shadow: '${url}' } };`,
    });
    const shadow = await openShadow(await resolveConfig({ cwd: project.root }));
    expect(shadow.config.confinement).toBeDefined();
    await shadow.close();
    await role.drop(database);
  });

  it('is not left behind where nobody can connect to it', async () => {
    const role = await createRole({ createDatabase: true });
    // Enough for the two connections that it is made on.
    await database.query(`alter role ${role.name} connection limit 2`);
    const connection = { connectionString: role.url(database) };
    await expect(open(connection)).rejects.toMatchObject({ cause: { code: '53300' } });
    const owned = `select from pg_database where pg_get_userbyid(datdba) = '${role.name}'`;
    expect(await database.query(owned)).toEqual([]);
    await role.drop(database);
  });

  it.each([
    ['libc', "lc_collate 'C' lc_ctype 'C'"],
    ['ICU', "locale_provider icu icu_locale 'de-u-kn' icu_rules '&V << w <<< W'"],
    [
      'ICU, LATIN1',
      "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' locale_provider icu icu_locale 'und'",
    ],
  ])('has the locale of the database that it stands in for: %s', async (_, locale) => {
    const original = `${database.name}_original`;
    await database.query(`create database ${original} template template0 ${locale}`);
    const { connection, drop } = await open({ ...database.config, database: original });
    const [first, second] = await database.query(
      `select encoding, datcollate, datctype, to_jsonb(d)->>'datlocprovider' as provider,
              coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') as locale,
              to_jsonb(d)->>'daticurules' as rules
         from pg_database d where datname = any($1) order by datname = $2`,
      [[original, connection.database], original],
    );
    expect(first).toEqual(second);
    await drop();
    await database.query(`drop database ${original}`);
  });
});
