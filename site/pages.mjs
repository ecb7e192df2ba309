// The pages of docs/ in the order of the site, grouped by reader. A test makes sure that none is
// missing. Files have the same names as in docs/, so that links are the same on GitHub.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const DOCS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');

/** The parts of the sidebar: `[text, file]`, or a folder whose pages are read from the disk. */
export const PARTS = [
  {
    text: 'Start',
    pages: [
      ['Overview', 'README.md'],
      ['Quickstart', 'quickstart.md'],
      ['Comparison', 'comparison.md'],
      ['Supported platforms', 'support.md'],
    ],
  },
  {
    text: 'Knex users',
    pages: [
      ['For Knex users', 'for-knex-users.md'],
      ["Knex's options", 'knex-compatibility.md'],
      ["Knex's words", 'knex-words.md'],
    ],
  },
  {
    text: 'db-migrate users',
    pages: [
      ['Taking over', 'taking-over.md'],
      ['Without downtime', 'zero-downtime-takeover.md'],
      ['Command line: differences', 'db-migrate-differences.md'],
      ['Driver: differences', 'db-migrate-driver-differences.md'],
      ['Real projects', 'real-projects.md'],
    ],
  },
  {
    text: 'Write migrations',
    pages: [
      ['Safe patterns', 'writing-migrations.md'],
      ['Plan', 'plan.md'],
      ['Snapshots', 'snapshot.md'],
      ['Baselines', 'baseline.md'],
      ['Test databases', 'testing.md'],
    ],
  },
  {
    text: 'Production',
    pages: [
      ['Runbook', 'runbook.md'],
      ['Production', 'production.md'],
      ['Deploying', 'deploying.md'],
      ['Many databases', 'fleet.md'],
      ['Pipelines', 'pipelines.md'],
      ['Verify', 'verify.md'],
      ['Doctor', 'doctor.md'],
      ['Report', 'report.md'],
    ],
  },
  {
    text: 'Reference',
    pages: [
      ['Configuration', 'configuration.md'],
      ['Library', 'library.md'],
      ['Contract', 'contract.md'],
      ['Data model', 'data-model.md'],
    ],
    folders: [
      { text: 'Commands', folder: 'reference' },
      { text: 'Errors', folder: 'errors' },
    ],
  },
  {
    text: 'Project',
    pages: [
      ['Architecture', 'architecture.md'],
      ['Performance', 'performance.md'],
      ['Releasing', 'releasing.md'],
    ],
    folders: [{ text: 'Decisions', folder: 'decisions' }],
  },
];

/** Every page in the sidebar: its part, its text and its file. */
export function pagesInOrder() {
  return PARTS.flatMap(({ text: part, pages, folders = [] }) => [
    ...pages.map(([text, file]) => ({ part, text, file })),
    ...folders.flatMap(({ text, folder }) => [
      { part, text, file: `${folder}/README.md` },
      ...pagesIn(folder).map((page) => ({ part, ...page })),
    ]),
  ]);
}

/** The sidebar, as VitePress takes it. */
export function sidebar() {
  return PARTS.map(({ text, pages, folders = [] }) => ({
    text,
    items: [
      ...pages.map(([name, file]) => ({ text: name, link: linkTo(file) })),
      ...folders.map((each) => ({
        text: each.text,
        link: `/${each.folder}/`,
        collapsed: true,
        items: pagesIn(each.folder).map((page) => ({ text: page.text, link: linkTo(page.file) })),
      })),
    ],
  }));
}

/** Where the site has a page: `errors/LOCKED.md` is at `/errors/LOCKED`, for good. */
export function linkTo(file) {
  return `/${file.replace(/(^|\/)README\.md$/, '$1').replace(/\.md$/, '')}`;
}

/** The first heading of a page, without the marks of Markdown. */
export function titleOf(file) {
  const [, title = file] = /^# +(.+)$/m.exec(textOf(file)) ?? [];
  return title.replace(/`/g, '').trim();
}

/** A page's Markdown, without the comments that tell tests how to run its blocks. */
export function textOf(file) {
  return readFileSync(join(DOCS, file), 'utf8').replace(/^ *<!--[\s\S]*?-->\n+/gm, '');
}

/** A folder's pages, PostgreSQL's own codes last. */
function pagesIn(folder) {
  return readdirSync(join(DOCS, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => ({ text: shortOf(`${folder}/${name}`), file: `${folder}/${name}` }));
}

function rank(name) {
  return name.startsWith('sqlstate-') ? 1 : 0;
}

function shortOf(file) {
  return titleOf(file).replace(/^knexward /, '');
}
