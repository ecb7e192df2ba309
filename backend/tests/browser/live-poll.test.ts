import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ROOT } from '../../src/config/root';
import { type Program, startProgram } from '../support/program';

/** Where Chromium is: what the environment names, the search path, the usual places. */
function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env['CHROMIUM'] ?? '', ...candidates].find((path) => path && existsSync(path));
}

const executablePath = findChromium();
if (!executablePath) console.warn('There is no Chromium: the browser test is left out.');
const describeInBrowser = executablePath ? describe : describe.skip;

const SCREENSHOTS = join(ROOT, 'screenshots');
const NAMES = ['Ann', 'Ben', 'Cleo'] as const;

describeInBrowser('npm run backend, in a browser', () => {
  let folder: string;
  let program: Program;
  let browser: Browser;
  let url: string;
  const faults: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'polls-'));
    // As root, the embedded PostgreSQL runs under another user.
    await chmod(folder, 0o755);
    // A fresh machine: no database is named, and nothing is migrated.
    program = startProgram('scripts/dev', [], {
      EMBEDDED_FOLDER: join(folder, 'postgres'),
      PORT: '0',
    });
    url = await program.printed(/Live polls: (http:\S+)/);
    await mkdir(SCREENSHOTS, { recursive: true });
    browser = await chromium.launch({
      executablePath: String(executablePath),
      // A container's root has no sandbox to put Chromium in, and little shared memory.
      args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    program?.child.kill('SIGTERM');
    await program?.exit();
    await rm(folder, { recursive: true, force: true });
  });

  /** A person at a browser of their own. What goes wrong in the page, or against its policy, is kept. */
  async function person(size = { width: 900, height: 640 }): Promise<Page> {
    const context = await browser.newContext({ viewport: size });
    context.setDefaultTimeout(300_000);
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
    return page;
  }
  const votesOf = async (page: Page): Promise<string[]> =>
    page.locator('.question').first().locator('.votes').allTextContents();
  const seeVotes = (page: Page, total: string) =>
    page.locator('.question').first().getByText(total).waitFor();

  it('starts the embedded PostgreSQL, migrates it, and says where the page is', () => {
    expect(program.output()).toContain('Using the embedded PostgreSQL in');
    expect(program.output()).toContain('19 migrations applied');
  });

  it('a host and three participants: questions, votes and results are seen live by all', async () => {
    const host = await person();
    await host.goto(url);
    await host.getByLabel('Title').fill('Friday’s retrospective');
    await host.getByRole('button', { name: 'Open it' }).click();
    await host.getByText('You are the host').waitFor();
    const code = (await host.locator('#room-code').textContent()) ?? '';
    expect(code).toMatch(/^[A-Z2-9]{6}$/);

    const people: Page[] = [];
    for (const name of NAMES) {
      const page = await person({ width: 420, height: 640 });
      await page.goto(url);
      await page.getByLabel('Code', { exact: true }).fill(code.toLowerCase());
      await page.getByRole('button', { name: 'Go there' }).click();
      await page.getByLabel('Your name').fill(name);
      await page.getByRole('button', { name: 'Join' }).click();
      await page.getByText(`You are ${name}`).waitFor();
      people.push(page);
    }
    const [ann, ben, cleo] = people as [Page, Page, Page];
    await host.getByText('3 here').waitFor();

    await host.getByLabel('Start from').selectOption({ label: "What's your opinion?" });
    await host.getByLabel('Question', { exact: true }).fill('Was it a good week?');
    await host.getByRole('button', { name: 'Ask it' }).click();
    for (const page of people) {
      await page.getByRole('heading', { name: 'Was it a good week?' }).waitFor();
    }
    await ann.getByRole('button', { name: 'I agree' }).click();
    await ben.getByRole('button', { name: 'I agree' }).click();
    await cleo.getByRole('button', { name: 'Not sure' }).click();
    for (const page of [host, ...people]) {
      await seeVotes(page, '3 votes');
      expect(await votesOf(page)).toEqual(['2', '0', '1']);
    }
    expect(await ann.locator('.option[aria-pressed=true]').textContent()).toContain('I agree');
    expect(await ann.getByRole('button', { name: 'Not sure' }).isDisabled()).toBe(true);
    await host.screenshot({ path: join(SCREENSHOTS, 'host.png') });
    await ann.screenshot({ path: join(SCREENSHOTS, 'participant.png') });

    await host.getByRole('button', { name: 'Close the voting' }).click();
    for (const page of [host, ...people]) await seeVotes(page, '3 votes · closed');
  });

  it('a page that is loaded again knows who it is, and what it has voted', async () => {
    const [page] = browser.contexts()[1]?.pages() ?? [];
    await page?.reload();
    await page?.getByText('You are Ann').waitFor();
    await page?.locator('.option[aria-pressed=true]').waitFor();
  });

  it('tells a person what is wrong: a code that leads nowhere, a name that is taken', async () => {
    const page = await person();
    await page.goto(`${url}/#join/ZZZZZZ`);
    await page.getByRole('alert').filter({ hasText: 'There is no such room.' }).waitFor();
    const code = await browser.contexts()[0]?.pages()[0]?.locator('#room-code').textContent();
    await page.goto(`${url}/#join/${code}`);
    await page.getByLabel('Your name').fill('Ann');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('alert').filter({ hasText: 'Somebody in the room has' }).waitFor();
  });

  it('has no fault in the page and none against its policy, and a name for each field', async () => {
    // The 409 of the name that was taken is one line in the browser's console.
    expect(faults.filter((fault) => !fault.includes('status of 409'))).toEqual([]);
    const page = await person();
    await page.goto(url);
    const fields = page.locator('input, select, textarea');
    const nameless = await fields.evaluateAll(
      (all) =>
        all.filter((field) => !(field as unknown as { labels: unknown[] }).labels?.length).length,
    );
    expect(nameless).toBe(0);
  });
});
