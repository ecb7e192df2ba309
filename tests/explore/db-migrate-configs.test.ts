import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import {
  createDatabase,
  createRole,
  serverAddress,
  type TestDatabase,
  type TestRole,
} from '../support/database';
import { DB_MIGRATE_PACKAGES, dbMigrate } from '../support/db-migrate';
import { createProject, type Project } from '../support/project';
import { SEED, sizeOf } from '../support/sizes';
import { type Comparison } from './db-migrate-configs/main';
import { type Address, runnable, type RunnableProject } from './db-migrate-configs/runnable';

const NO_ERROR: unknown = expect.not.stringMatching(/^[A-Z]+_/m);
const containing = (text: string): unknown => expect.stringContaining(text);

const REPOSITORY = join(__dirname, '../..');

/** What adopt refuses where db-migrate goes on; docs/taking-over.md says of each why. */
const REFUSALS = ['AMBIGUOUS_ENVIRONMENT', 'DB_MIGRATE_CONFIG'];
/** The same for another environment, where it is used. */
const REFUSALS_OF_KNEXFILE = [
  'INVALID_CONNECTION',
  'NO_DATABASE',
  'UNKNOWN_ENVIRONMENT',
  'KNEXFILE_BROKEN',
];

describe("drawn configurations, against db-migrate's own modules (US4, FR-018)", () => {
  let comparison: Comparison;

  beforeAll(async () => {
    const script = join(REPOSITORY, 'scripts/db-migrate-configs.mjs');
    const count = sizeOf('drawnDbMigrateConfigs');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, String(count), String(SEED)],
      { maxBuffer: 2 ** 28 },
    );
    comparison = JSON.parse(stdout) as Comparison;
  });

  it('the same database, schema, environment, folder and table, in every environment (US4, FR-018)', () => {
    expect(comparison.different.slice(0, 2)).toEqual([]);
    expect(comparison.equal).toBeGreaterThan(comparison.projects / 4);
    expect(comparison.environments).toBeGreaterThan(comparison.projects / 2);
  });

  it('no value of a variable is written into a file (FR-018)', () => {
    expect(comparison.leaked.slice(0, 2)).toEqual([]);
  });

  it('refuses only what the documentation names, and never as a fault of its own', () => {
    const codesOf = (refused: Record<string, number>) =>
      Object.keys(refused).map((reason) => String(reason.split(':')[0]));
    expect(codesOf(comparison.refused).filter((code) => !REFUSALS.includes(code))).toEqual([]);
    const ofKnexfile = codesOf(comparison.environmentsRefused);
    expect(ofKnexfile.filter((code) => !REFUSALS_OF_KNEXFILE.includes(code))).toEqual([]);
    expect(comparison.unexplained).toEqual([]);
  });
});

describe('drawn projects, run by db-migrate and then taken over (US4, FR-018)', () => {
  let databases: TestDatabase[];
  let role: TestRole;

  beforeEach(async () => {
    databases = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  });
  afterEach(async () => {
    await role.drop(...databases);
    await Promise.all(databases.map((database) => database.drop()));
  });

  const projects = fc.sample(runnable, { numRuns: sizeOf('runDbMigrateConfigs'), seed: SEED });
  it.each(projects.map((project, number) => [number, project] as const))(
    'project %i: nothing is pending in any environment, and no secret is written (US4, FR-018)',
    async (_, drawn) => {
      const address = await prepare(drawn);
      const project = createProject(drawn.files(address), DB_MIGRATE_PACKAGES);
      try {
        await takeOver(drawn, project, drawn.variables(address));
        expect(leaksIn(project, drawn.files(address), address)).toEqual([]);
      } finally {
        project.remove();
      }
    },
  );

  /** Makes a role whose name and password stand nowhere else, and the schemas. */
  async function prepare({ schemas }: RunnableProject): Promise<Address> {
    role = await createRole();
    const { host, port } = serverAddress();
    const { name, password } = role;
    for (const [number, schema] of schemas.entries()) {
      const database = databases[number] as TestDatabase;
      await database.query(`grant create, usage on schema public to "${name}"`);
      if (schema) await database.query(`create schema "${schema}" authorization "${name}"`);
    }
    return {
      ...{ host, port: String(port), user: name, password },
      databases: databases.map((database) => database.name),
    };
  }

  async function takeOver(
    { environments, words }: RunnableProject,
    project: Project,
    variables: Record<string, string>,
  ): Promise<void> {
    for (const name of environments) {
      const old = await dbMigrate(project, ['up', ...words, '--env', name], variables);
      expect({ name, ...old }).toMatchObject({ code: 0, stdout: containing('Done') });
    }
    for (const [number, name] of environments.entries()) {
      const more = number === 0 ? [] : ['--database-only'];
      const adopted = await project.knexward(['adopt', '--yes', '--env', name, ...more], variables);
      expect({ name, ...adopted }).toMatchObject({
        ...{ code: 0, stdout: containing('Adopted 2 migrations'), stderr: NO_ERROR },
      });
    }
    for (const name of environments) {
      const up = await project.knexward(['up', '--env', name], variables);
      expect({ name, ...up }).toMatchObject({
        ...{ code: 0, stdout: containing('Already up to date'), stderr: NO_ERROR },
      });
    }
  }
});

/** Files that hold a secret and did not before. */
function leaksIn(project: Project, before: Record<string, string>, { user, password }: Address) {
  const known = Object.values(before);
  return readdirSync(project.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const text = readFileSync(path, 'utf8');
      const literal = known.some(
        (file) => file.includes(password) && !file.includes('SECRET_PASS='),
      );
      return (
        !known.includes(text) &&
        !literal &&
        [user, password].some((secret) => text.includes(secret))
      );
    });
}
