import { join } from 'node:path';
import { documents, textOf } from '../support/documents';

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
});
