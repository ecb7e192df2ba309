import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProject, type Outcome, REPOSITORY } from '../support/project';

describe('specs/014-knex-migration/traceability.md', () => {
  let check: Outcome;
  const complaints = (about: string): string[] =>
    check.stderr.split('\n').filter((line) => line.includes(about));

  beforeAll(async () => {
    const project = createProject({});
    check = await project.node([join(REPOSITORY, 'scripts/traceability.mjs'), '--check']);
    project.remove();
  });

  it('has a test for each requirement that is built, whole or in part', () => {
    expect(complaints('but no test names it')).toEqual([]);
  });

  it('has none for a requirement that is planned', () => {
    expect(complaints('has the status planned, but')).toEqual([]);
  });

  it('has every requirement that the title of a test names', () => {
    expect(complaints('which the specification does not have')).toEqual([]);
  });

  it('is made from spec.md and the titles: npm run docs:traceability', () => {
    expect(check).toMatchObject({ code: 0, stderr: '' });
  });
});

/** Installed, built, or left behind by a run. */
const NOT_SOURCES = ['node_modules', 'dist', 'screenshots', '.knexward'];

function filesIn(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (NOT_SOURCES.includes(entry.name)) return [];
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

describe('what a reader cannot look up', () => {
  /** An issue of another project is public, and its name stands before the word. */
  const REFERENCE = /(?<!\b(?:Knex|db-migrate|dbmate|Jest|PgBouncer)(?:'s)? )\bissue #?\d+/i;
  const FOLDERS = ['tests', 'backend', 'src', 'compat', 'scripts', 'bench'];

  it.each(FOLDERS)('an issue of our own is not named in %s/', (folder) => {
    const naming = filesIn(folder).flatMap((path) =>
      readFileSync(join(REPOSITORY, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => (REFERENCE.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(naming).toEqual([]);
  });
});
