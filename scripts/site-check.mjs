// Builds the documentation site, follows its links and looks at it in headless Chromium:
// `npm run docs:check`. `--no-build` uses the last build. `--only TEXT` runs the checks with TEXT in
// their names. Screenshots are written to site/screenshots.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addressOf } from '../site/address.mjs';
import { linkTo, pagesInOrder } from '../site/pages.mjs';
import { checkLinks } from './site-check/links.mjs';
import { fileOf, serve } from './site-check/serve.mjs';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILT = join(REPOSITORY, 'site/.vitepress/dist');
const SCREENSHOTS = join(REPOSITORY, 'site/screenshots');
const { base } = addressOf(JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')));
const { values } = parseArgs({
  options: {
    'no-build': { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
let passed = 0;
let failed = 0;

const isBuilt =
  values['no-build'] ||
  (await check('the site builds; VitePress finds no dead link', () => {
    const run = join(REPOSITORY, 'site/run.mjs');
    const { status } = spawnSync(process.execPath, [run, 'build'], { stdio: 'inherit' });
    assert.equal(status, 0);
  }));
if (isBuilt) {
  await checkFiles();
  await checkInBrowser();
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function checkFiles() {
  await check('each page of docs/ has its address, as HTML and as Markdown', () => {
    for (const { file } of pagesInOrder()) {
      const path = base + linkTo(file).slice(1);
      assert.ok(fileOf(BUILT, base, path), path);
      assert.ok(fileOf(BUILT, base, base + file), file);
    }
  });
  await check('each link leads to a page, and each anchor to a place on it', () => {
    const { pages, links, dead } = checkLinks(BUILT, base);
    console.log(`    ${links} links on ${pages} pages`);
    assert.ok(links > 1000);
    assert.deepEqual(dead, []);
  });
  await check('llms.txt leads to every page', () => {
    const text = readFileSync(join(BUILT, 'llms.txt'), 'utf8');
    const missing = pagesInOrder().filter(({ file }) => !text.includes(`/${file})`));
    assert.deepEqual(missing, []);
  });
}

async function checkInBrowser() {
  const { checksOf, findChromium, openBrowser } = await import('./site-check/browser.mjs');
  const chromium = findChromium();
  if (!chromium) {
    console.log('Chromium was not found: the checks in the browser are skipped.');
    return;
  }
  rmSync(SCREENSHOTS, { recursive: true, force: true });
  mkdirSync(SCREENSHOTS, { recursive: true });
  const server = await serve(BUILT, base);
  const browser = await openBrowser(chromium);
  try {
    for (const [name, work] of checksOf(browser, server.url, SCREENSHOTS)) await check(name, work);
  } finally {
    await browser.close();
    server.close();
  }
}

/** Runs a check and counts its result. */
async function check(name, work) {
  if (!name.includes(values.only)) return true;
  try {
    await work();
    passed++;
    console.log(`  ok      ${name}`);
    return true;
  } catch (error) {
    failed++;
    console.log(`  FAILED  ${name}\n${String(error.message).replace(/^/gm, '          ')}`);
    return false;
  }
}
