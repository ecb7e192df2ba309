import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createLegacyProject } from '../support/db-migrate';
import { type Outcome, type Project } from '../support/project';
import { copyUnleash, UNLEASH_MIGRATIONS } from '../support/unleash';

describe("a report of Unleash's 374 migrations", () => {
  let project: Project;
  let database: TestDatabase;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { DATABASE_URL: database.url });

  beforeAll(async () => {
    project = createLegacyProject({});
    await copyUnleash(join(project.root, 'migrations'));
    database = await createDatabase();
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it('stays under 500 kB, and its Markdown under 65,536 characters, with all of them pending', async () => {
    const page = await knexward('report', '-o', 'report.html');
    expect(page).toMatchObject({ code: 0 });
    expect(page.stdout).toContain(`0 applied migrations, ${UNLEASH_MIGRATIONS} pending`);
    expect(project.read('report.html').length).toBeLessThan(500_000);
    const comment = (await knexward('report', '--format', 'md')).stdout;
    expect(comment.length).toBeLessThanOrEqual(65_536);
    expect(comment).toMatch(/_\d+ more pending migrations have no room in this comment\._/);
  });

  it('stays under 500 kB with all of them applied, and draws the tables with foreign keys', async () => {
    expect(await knexward('up')).toMatchObject({ code: 0 });
    expect(await knexward('report', '-o', 'report.html')).toMatchObject({ code: 0 });
    const page = project.read('report.html');
    expect(page.length).toBeLessThan(500_000);
    expect(page).toContain('101 tables, 92 foreign keys.');
    expect(page.match(/class="box/g)?.length).toBeGreaterThan(60);
    expect(page).toContain(`All ${UNLEASH_MIGRATIONS} migrations`);
    expect(page).toContain(`The database matches its ${UNLEASH_MIGRATIONS} applied migrations`);
  });
});
