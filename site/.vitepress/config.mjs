import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { addressOf } from '../address.mjs';
import { diagrams } from '../diagrams.mjs';
import { linksToRepository, slugOf } from '../links.mjs';
import { writeForModels } from '../llms.mjs';
import { DOCS, sidebar } from '../pages.mjs';

const ROOT = dirname(DOCS);
const SITE = join(ROOT, 'site');

/** What VitePress makes of a page imports vue, which is installed here and not beside docs/. */
const fromSite = {
  name: 'from-site',
  enforce: 'pre',
  configResolved({ optimizeDeps }) {
    // Vite would look for these beside docs/, too. It finds them where they are imported.
    optimizeDeps.include = optimizeDeps.include.filter((name) => !name.startsWith('vitepress > '));
  },
  resolveId(id, importer, options) {
    if (!importer?.startsWith(DOCS) || !/^vue(\/|$)/.test(id)) return null;
    return this.resolve(id, join(SITE, 'package.json'), { ...options, skipSelf: true });
  },
};
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { repository, site, base } = addressOf(manifest);

const HOME = {
  layout: 'home',
  title: 'Documentation',
  hero: {
    name: 'knexward',
    text: 'Migrations that run exactly once',
    tagline:
      'For Knex on PostgreSQL: also after a crash, and you can see what a migration will do before it does it.',
    actions: [
      { theme: 'brand', text: 'Quickstart', link: '/quickstart' },
      { theme: 'alt', text: 'You use Knex', link: '/for-knex-users' },
      { theme: 'alt', text: 'You use db-migrate', link: '/taking-over' },
    ],
  },
};

export default defineConfig({
  lang: 'en',
  title: 'knexward',
  description: manifest.description,
  base,
  srcDir: DOCS,
  rewrites: {
    'README.md': 'index.md',
    ':folder/README.md': ':folder/index.md',
  },
  cleanUrls: true,
  ...(site && { sitemap: { hostname: site } }),
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }],
    ['meta', { name: 'theme-color', content: '#1f6f5c' }],
  ],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: slugOf },
    config: (md) => {
      linksToRepository(md, repository);
      diagrams(md);
    },
  },
  vite: {
    publicDir: join(SITE, 'public'),
    plugins: [fromSite],
    server: { fs: { allow: [ROOT] } },
    build: { chunkSizeWarningLimit: 2000 },
  },
  transformPageData(page) {
    if (page.relativePath !== 'index.md') return;
    page.title = HOME.title;
    page.frontmatter = { ...page.frontmatter, ...HOME };
  },
  buildEnd({ outDir }) {
    writeForModels(outDir, { description: manifest.description, root: site ?? base });
  },
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local', options: { detailedView: true } },
    outline: [2, 3],
    sidebar: sidebar(),
    nav: [
      { text: 'Quickstart', link: '/quickstart' },
      {
        text: 'Guides',
        items: [
          { text: 'For Knex users', link: '/for-knex-users' },
          { text: 'From db-migrate', link: '/taking-over' },
          { text: 'Writing migrations', link: '/writing-migrations' },
          { text: 'Test databases', link: '/testing' },
        ],
      },
      {
        text: 'Production',
        items: [
          { text: 'Runbook', link: '/runbook' },
          { text: 'Roles, limits, where to run', link: '/production' },
          { text: 'Deploying', link: '/deploying' },
          { text: 'Pipelines', link: '/pipelines' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Commands', link: '/reference/' },
          { text: 'Errors', link: '/errors/' },
          { text: 'Configuration', link: '/configuration' },
          { text: 'Library', link: '/library' },
          { text: 'Contract', link: '/contract' },
        ],
      },
      {
        text: 'Project',
        items: [
          { text: 'Architecture', link: '/architecture' },
          { text: 'Performance', link: '/performance' },
          { text: 'Decisions', link: '/decisions/' },
        ],
      },
    ],
    ...(repository && {
      socialLinks: [{ icon: 'github', link: repository }],
      editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page' },
    }),
    notFound: {
      title: 'Page not found',
      quote: 'It may have been renamed. Search for it, or begin at the start page.',
      linkText: 'Go to the start page',
      linkLabel: 'Go to the start page',
    },
    footer: { message: 'MIT licence' },
  },
});
