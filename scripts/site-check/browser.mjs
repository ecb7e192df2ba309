// Checks of the built site in headless Chromium, as a reader sees it. A check is a name and a function.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };
const LOOKS = [
  ['desktop, light', { viewport: DESKTOP, colorScheme: 'light' }],
  ['desktop, dark', { viewport: DESKTOP, colorScheme: 'dark' }],
  ['phone, light', { viewport: PHONE, colorScheme: 'light' }],
  ['phone, dark', { viewport: PHONE, colorScheme: 'dark' }],
];
/** A page of each kind, with the name of its screenshot. */
const PAGES = [
  ['start', ''],
  ['guide', 'quickstart'],
  ['error', 'errors/LOCKED'],
  ['command', 'reference/up'],
  ['errors', 'errors/'],
  ['takeover', 'zero-downtime-takeover'],
  ['locks', 'writing-migrations'],
  ['architecture', 'architecture'],
];
const WITH_DIAGRAM = ['start', 'takeover', 'locks', 'architecture'];

/** Finds Chromium: in CHROMIUM, on the search path, or in the usual places. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env.CHROMIUM ?? '', ...candidates].find((path) => path && existsSync(path));
}

/** Opens a browser. */
export function openBrowser(executablePath) {
  return chromium.launch({
    executablePath,
    // A container's root has no sandbox to put Chromium in, and little shared memory.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });
}

/**
 * All checks in the browser.
 *
 * @param browser an open browser
 * @param {string} url where the site is served
 * @param {string} screenshots the folder for the pictures
 * @returns {[string, () => Promise<void>][]}
 */
export function checksOf(browser, url, screenshots) {
  const desktop = LOOKS[0][1];
  return [
    ...looksOf(browser, url, screenshots),
    [
      'the search finds a word',
      () => visit(browser, desktop, (page) => search(page, url, screenshots)),
    ],
    [
      'the start page leads to a guide, and the sidebar to an error',
      () => visit(browser, desktop, (page) => walk(page, url)),
    ],
    [
      'the switch turns the page dark, and its diagram with it',
      () => visit(browser, desktop, (page) => turnDark(page, url)),
    ],
    [
      'a phone’s menu opens the sidebar',
      () => visit(browser, LOOKS[2][1], (page) => openMenu(page, url, screenshots)),
    ],
    [
      'without scripts, a page and the text of its diagram can be read',
      () =>
        visit(browser, { ...desktop, javaScriptEnabled: false }, async (page) => {
          await page.goto(`${url}zero-downtime-takeover`);
          await page.getByRole('heading', { level: 1, name: 'Taking over without' }).waitFor();
          await page.getByText('accTitle').waitFor();
        }),
    ],
    [
      'an address without a page says so',
      () =>
        visit(
          browser,
          desktop,
          async (page) => {
            const answer = await page.goto(`${url}errors/NO_SUCH`);
            assert.equal(answer?.status(), 404);
            await page.getByText('Page not found').waitFor();
          },
          /status of 404/,
        ),
    ],
  ];
}

/** A check for each kind of page, in each size and scheme. */
function looksOf(browser, url, screenshots) {
  return PAGES.flatMap(([name, path]) =>
    LOOKS.map(([look, options]) => [
      `${name}, ${look}: axe finds nothing, nothing scrolls sideways`,
      () =>
        visit(browser, options, async (page) => {
          await page.goto(url + path);
          await settled(page, name);
          const file = `${name}-${look.replace(', ', '-')}.png`;
          await page.screenshot({ path: join(screenshots, file), fullPage: name === 'start' });
          if (WITH_DIAGRAM.includes(name)) await pictureDiagram(page, join(screenshots, file));
          assert.deepEqual(await violationsOn(page), []);
          const wider = 'document.documentElement.scrollWidth - innerWidth';
          assert.ok((await page.evaluate(wider)) <= 0, 'the page scrolls sideways');
        }),
    ]),
  );
}

/** Opens a page and works on it. Fails if the page's script fails, or if it loads anything from elsewhere. */
async function visit(browser, options, work, expected = /^$/) {
  const context = await browser.newContext({
    viewport: DESKTOP,
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const faults = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
    page.on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(request.url())) faults.push(request.url());
    });
    await work(page);
    assert.deepEqual(
      faults.filter((fault) => !expected.test(fault)),
      [],
    );
  } finally {
    await context.close();
  }
}

async function settled(page, name) {
  await page.locator('#app').waitFor();
  await page.waitForLoadState('networkidle');
  // By then, the animated terminal has typed its lines.
  if (name === 'start') await page.waitForTimeout(5000);
  if (WITH_DIAGRAM.includes(name)) await page.locator('.diagram svg').first().waitFor();
}

async function pictureDiagram(page, path) {
  const diagram = page.locator('.diagram').first();
  await diagram.screenshot({ path: path.replace('.png', '-diagram.png') });
}

async function violationsOn(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

async function search(page, url, screenshots) {
  await page.goto(url);
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.getByRole('searchbox').fill('INTERRUPTED');
  const results = page.locator('.results .result');
  await results.first().waitFor();
  // No axe here: the box is VitePress's, and has links inside of its options.
  await page.screenshot({ path: join(screenshots, 'search.png') });
  await results.filter({ hasText: 'INTERRUPTED' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'INTERRUPTED' }).waitFor();
}

async function walk(page, url) {
  await page.goto(url);
  await page.locator('.VPHero').getByRole('link', { name: 'You use db-migrate' }).click();
  await page.getByRole('heading', { level: 1, name: 'Taking a project over' }).waitFor();
  const sidebar = page.locator('.VPSidebar');
  await sidebar.getByRole('link', { name: 'Errors' }).click();
  await page.getByRole('heading', { level: 1, name: 'Errors' }).waitFor();
  await sidebar.getByRole('link', { name: 'LOCKED', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'LOCKED' }).waitFor();
  assert.match(page.url(), /\/errors\/LOCKED$/);
  await page.reload();
  const active = sidebar.locator('.is-active.is-link');
  await active.waitFor();
  const isInView = (item) => item.getBoundingClientRect().bottom <= globalThis.innerHeight;
  await expectSoon(() => active.evaluate(isInView), 'the sidebar shows the page');
}

async function turnDark(page, url) {
  await page.goto(`${url}zero-downtime-takeover`);
  const drawn = page.locator('.diagram svg').first();
  await drawn.waitFor();
  const before = await drawn.getAttribute('id');
  await page.locator('.VPSwitchAppearance:visible').first().click();
  await page.locator('html.dark').waitFor();
  await page.locator(`.diagram svg:not(#${before})`).first().waitFor();
}

async function openMenu(page, url, screenshots) {
  await page.goto(`${url}errors/LOCKED`);
  await page.waitForLoadState('networkidle');
  await page.locator('.VPLocalNav .menu').click();
  await page.locator('.VPSidebar.open').waitFor();
  await page.getByRole('link', { name: 'Runbook' }).waitFor();
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(screenshots, 'menu-phone.png') });
}

async function expectSoon(isSo, what) {
  for (const deadline = Date.now() + 30_000; !(await isSo());) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
