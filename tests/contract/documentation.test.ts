import { join } from 'node:path';
import { documents, textOf } from '../support/documents';
import { deadLinks, documentsIn } from '../support/links';

const linked = new Set(
  [...textOf('README.md').matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => join(target)),
);

describe('the documentation (FR-013)', () => {
  it.each([
    ['the new workflow', ['quickstart', 'writing-migrations', 'production', 'pipelines']],
    ['the takeover', ['taking-over', 'zero-downtime-takeover', 'db-migrate-differences']],
  ])('%s has its pages', (_what, pages) => {
    expect(documents()).toEqual(expect.arrayContaining(pages.map((name) => `docs/${name}.md`)));
  });

  it('README leads to every page', () => {
    const pages = documents().filter((document) => document !== 'README.md');
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });

  it('each link leads to a file, and each anchor to a heading in it', () => {
    const pages = [
      ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'backend/README.md'],
      ...['bench/README.md', 'compat/db-migrate/README.md', 'examples/legacy-polls/README.md'],
      ...['docs', 'specs'].flatMap(documentsIn),
    ];
    expect(pages.length).toBeGreaterThan(100);
    const dead = pages.flatMap((page) => deadLinks(page).map((link) => `${page}: ${link}`));
    expect(dead).toEqual([]);
  });
});
