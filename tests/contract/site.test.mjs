import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { addressOf } from '../../site/address.mjs';
import { slugOf } from '../../site/links.mjs';
import { indexOf } from '../../site/llms.mjs';
import { DOCS, linkTo, pagesInOrder, PARTS, sidebar, titleOf } from '../../site/pages.mjs';

const files = readdirSync(DOCS, { encoding: 'utf8', recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.md'));

describe('the documentation site', () => {
  it('its sidebar leads to every page of docs/ once, and to no other', () => {
    const listed = pagesInOrder().map(({ file }) => file);
    expect(listed.toSorted()).toEqual(files.toSorted());
  });

  it('shows the pages by who reads them', () => {
    const parts = sidebar().map(({ text }) => text);
    expect(parts).toEqual(PARTS.map(({ text }) => text));
    expect(parts).toEqual(
      expect.arrayContaining(['Knex users', 'db-migrate users', 'Production', 'Reference']),
    );
  });

  it('an error page stays where it is', () => {
    expect(linkTo('errors/LOCKED.md')).toBe('/errors/LOCKED');
    expect(linkTo('errors/README.md')).toBe('/errors/');
    expect(linkTo('README.md')).toBe('/');
  });

  it('names headings as GitHub does', () => {
    expect(slugOf("Knex's lock is held")).toBe('knexs-lock-is-held');
    expect(slugOf('When `database.json` is renamed')).toBe('when-databasejson-is-renamed');
  });

  it('llms.txt has every page, with what it is about', () => {
    const index = indexOf(pagesInOrder(), { description: 'About it.', root: '/' });
    expect(index).toContain('# knexward\n\n> About it.\n');
    expect(index).toContain('\n## Production\n\n- [Runbook](/runbook.md): Use this page when');
    expect(files.filter((file) => !index.includes(`](/${file})`))).toEqual([]);
  });

  it('the list of decisions has each of them', () => {
    const list = readFileSync(join(DOCS, 'decisions/README.md'), 'utf8');
    const decisions = readdirSync(join(DOCS, 'decisions')).filter((name) => name !== 'README.md');
    const lines = decisions.map((name) => `- [${titleOf(`decisions/${name}`)}](${name})\n`);
    expect(lines.filter((line) => !list.includes(line))).toEqual([]);
  });
});

describe('where the site is public', () => {
  const git = 'git+https://github.com/Owner/repo.git';

  it.each([
    ['no address', {}, null, null, '/'],
    ['a repository', { repository: { url: git } }, 'Owner/repo', 'owner.github.io/repo/', '/repo/'],
    [
      'by its short form',
      { repository: 'https://github.com/Owner/repo' },
      'Owner/repo',
      'owner.github.io/repo/',
      '/repo/',
    ],
    [
      'the repository of the pages themselves',
      { repository: { url: 'git@github.com:Owner/owner.github.io.git' } },
      'Owner/owner.github.io',
      'owner.github.io/',
      '/',
    ],
    [
      'an address of its own',
      { repository: { url: git }, homepage: 'https://docs.example.org' },
      'Owner/repo',
      'docs.example.org/',
      '/',
    ],
    [
      'what npm init writes as homepage',
      { repository: { url: git }, homepage: 'https://github.com/Owner/repo#readme' },
      'Owner/repo',
      'owner.github.io/repo/',
      '/repo/',
    ],
  ])('%s', (_name, manifest, repository, site, base) => {
    expect(addressOf(manifest)).toEqual({
      repository: repository && `https://github.com/${repository}`,
      site: site && `https://${site}`,
      base,
    });
  });
});
