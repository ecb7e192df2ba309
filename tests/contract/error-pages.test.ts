import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODES } from '../../src/errors';
import { pageOf } from '../../src/pages';
import { adviceOn, SQLSTATES } from '../../src/sqlstates';
import { createProject, REPOSITORY } from '../support/project';

const FOLDER = join(REPOSITORY, 'docs/errors');
const pageText = (name: string): string => readFileSync(join(FOLDER, `${name}.md`), 'utf8');
const sqlstatePages = Object.keys(SQLSTATES).map((code) => `sqlstate-${code}`);

describe('docs/errors (SC-005)', () => {
  it('has a page for each code, and no other', () => {
    const wanted = [...Object.keys(CODES), ...sqlstatePages, 'README'].map((name) => `${name}.md`);
    expect(readdirSync(FOLDER).sort()).toEqual(wanted.sort());
  });

  it.each(Object.entries(CODES))('%s says what the table says', (code, entry) => {
    const text = pageText(code);
    expect(text.startsWith(`# ${code}\n\n${entry.summary} `)).toBe(true);
    const { exit } = entry as { exit?: number };
    expect(/Exit code (\d+)/.exec(text)?.[1]).toBe(exit === undefined ? undefined : String(exit));
  });

  it.each(Object.entries(SQLSTATES))('sqlstate-%s says what the table says', (code, advice) => {
    const text = pageText(`sqlstate-${code}`);
    expect(text.startsWith(`# SQLSTATE ${code}: ${advice.condition}\n`)).toBe(true);
    expect(text).toContain(`  cause       ${advice.cause}\n`);
    const [, migration] = /^MIGRATION_FAILED (\S+) failed$/m.exec(text) ?? [];
    expect(text).toContain(`  fix         ${adviceOn(code, migration)?.fix}\n`);
  });

  it.each([...Object.keys(CODES), ...sqlstatePages])('%s has all its parts', (name) => {
    const text = pageText(name);
    const parts = ['What happened', 'Why, most likely', 'What to do', 'Example'];
    const headings = [...text.matchAll(/^\*\*(.*)\*\*$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(parts);
    for (const part of text.split(/^\*\*.*\*\*$/m).slice(1)) expect(part.trim()).not.toBe('');
    expect(text).toMatch(/```console\n\$ npx knexward /);
    expect(text).toContain(`page  node_modules/knexward/docs/errors/${name}.md\n`.slice(6));
  });

  it('names no page and no document that is not there', () => {
    for (const file of readdirSync(FOLDER)) {
      const text = readFileSync(join(FOLDER, file), 'utf8');
      for (const [, target = ''] of text.matchAll(/(?:\]\(|`)((?:docs\/)?[\w/-]+\.md)[`)]/g)) {
        if (target.startsWith('docs/')) readFileSync(join(REPOSITORY, target));
        else readFileSync(join(FOLDER, target));
      }
    }
  });

  it('the index is made from the table: npm run docs:errors', async () => {
    const project = createProject({});
    const script = join(REPOSITORY, 'scripts/error-index.mjs');
    expect(await project.node([script, '--check'])).toMatchObject({ code: 0, stderr: '' });
    project.remove();
  });

  it('comes with the package', () => {
    const { files } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
      files: string[];
    };
    // With the documents that the pages lead to.
    expect(files).toContain('docs');
  });
});

describe('the path of a page', () => {
  it('is relative inside the working directory, and whole outside of it', () => {
    expect(pageOf('USAGE', REPOSITORY)).toBe(join('docs', 'errors', 'USAGE.md'));
    expect(pageOf('USAGE', join(REPOSITORY, '..'))).toMatch(/^[^/].*docs.errors.USAGE\.md$/);
    expect(pageOf('USAGE', join(REPOSITORY, 'src'))).toBe(join(FOLDER, 'USAGE.md'));
    expect(pageOf('USAGE', `${REPOSITORY}-beside`)).toBe(join(FOLDER, 'USAGE.md'));
  });
});
