import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import axe, { type AxeResults } from 'axe-core';
import { type BrowserContextOptions, type Page } from 'playwright-core';
import { createDatabase, type TestDatabase } from '../../../tests/support/database';
import { ROOT } from '../../src/config/root';
import {
  describeInBrowser,
  DESKTOP,
  openBrowser,
  PHONE,
  type TestBrowser,
} from '../support/browser';

const run = promisify(execFile);
const KNEXWARD = resolve(ROOT, '../bin/knexward.js');
const SCREENSHOTS = join(ROOT, 'screenshots');
const LOOKS: [string, BrowserContextOptions][] = [
  ['desktop-light', { viewport: DESKTOP, colorScheme: 'light' }],
  ['desktop-dark', { viewport: DESKTOP, colorScheme: 'dark' }],
  ['phone-light', { viewport: PHONE, colorScheme: 'light' }],
  ['phone-dark', { viewport: PHONE, colorScheme: 'dark' }],
];

/** Names that would do something in a page, were they no text. */
const HOSTILE = `
  create table "<script>window.hit = 1</script>" (id int primary key);
  create table "x"" onload=""window.hit = 2" (
    "</title></svg><img src=x onerror=window.hit=3>" int primary key references "<script>window.hit = 1</script>",
    "line
break" int, "${'🦄'.repeat(15)}" int);
  alter table rooms add column "by hand" text`;

describeInBrowser('knexward report, in a browser', () => {
  let database: TestDatabase;
  let folder: string;
  let url: string;
  let opened: TestBrowser;
  const requests: string[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    folder = await mkdtemp(join(tmpdir(), 'report-'));
    const knexward = (...args: string[]) =>
      run(process.execPath, [KNEXWARD, ...args, '--url', database.url], { cwd: ROOT });
    await knexward('up', '--count', '16');
    await database.query(HOSTILE);
    const { stdout } = await knexward('report');
    await writeFile(join(folder, 'report.html'), stdout);
    url = pathToFileURL(join(folder, 'report.html')).href;
    await mkdir(SCREENSHOTS, { recursive: true });
    opened = await openBrowser();
  });
  afterAll(async () => {
    await opened?.browser.close();
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  });

  const open = async (look: BrowserContextOptions): Promise<Page> => {
    const page = await opened.person(look);
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    return page;
  };

  it.each(LOOKS)('is accessible, fits, and asks nobody for anything: %s', async (name, look) => {
    const page = await open({ ...look, javaScriptEnabled: false });
    await page.screenshot({ path: join(SCREENSHOTS, `report-${name}.png`), fullPage: true });
    // The policy of the page lets no script in, and that of axe is one.
    const judged = await open({ ...look, bypassCSP: true });
    await judged.evaluate(axe.source);
    const { violations, incomplete } = await judged.evaluate<AxeResults>('axe.run()');
    // What is behind text in SVG it cannot tell; tests/unit/report-page.test.ts computes those.
    const unsure = incomplete
      .filter(({ id }) => id === 'color-contrast')
      .map((each) => ({
        ...each,
        nodes: each.nodes.filter(({ html }) => !html.startsWith('<text')),
      }));
    const found = [...violations, ...unsure].flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
    expect(found).toEqual([]);
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    expect(await judged.evaluate(overflow)).toBeLessThanOrEqual(0);
    expect(new Set(requests)).toEqual(new Set([url]));
    expect(opened.faults).toEqual([]);
  });

  it('runs nothing that a name says, and shows the name', async () => {
    const page = await open({ viewport: DESKTOP });
    const hit = "document.querySelectorAll('script, img, [onload], [onerror]').length";
    expect(await page.evaluate(`[${hit}, window.hit ?? 0]`)).toEqual([0, 0]);
    const titles = await page.locator('.diagram .name').allTextContents();
    expect(titles).toContain('<script>window.hit = 1</script>');
    const style = "getComputedStyle(document.querySelector('.figures')).display";
    expect(await page.evaluate(style)).toBe('grid');
  });

  it('a box in the diagram has room for its texts', async () => {
    const page = await open({ viewport: DESKTOP });
    const outside = await page.evaluate<
      string[]
    >(`[...document.querySelectorAll('.diagram .box')].flatMap((box) => {
      const { left, right } = box.querySelector('rect').getBoundingClientRect();
      return [...box.querySelectorAll('text')]
        .filter((text) => text.getBoundingClientRect().left < left || text.getBoundingClientRect().right > right)
        .map((text) => text.textContent);
    })`);
    expect(outside).toEqual([]);
  });

  it('prints with everything that is folded, and no dark paper', async () => {
    const page = await open({ viewport: DESKTOP, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    const back = 'getComputedStyle(document.body).backgroundColor';
    expect(await page.evaluate(back)).toBe('rgb(255, 255, 255)');
    const folded = "document.querySelector('#schema details:not([open]) table')";
    expect(await page.evaluate(`${folded}.checkVisibility({ contentVisibilityAuto: true })`)).toBe(
      true,
    );
    expect(await page.evaluate(`${folded}.getBoundingClientRect().height`)).toBeGreaterThan(100);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await writeFile(join(SCREENSHOTS, 'report.pdf'), pdf);
  });
});
