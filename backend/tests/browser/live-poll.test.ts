import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { ROOT } from '../../src/config/root';
import {
  chromiumPath,
  describeInBrowser,
  openBrowser,
  PHONE,
  type TestBrowser,
} from '../support/browser';
import { type Program, startProgram } from '../support/program';

if (!chromiumPath) console.warn('There is no Chromium: the browser tests are left out.');

const SCREENSHOTS = join(ROOT, 'screenshots');
const NAMES = ['Ann', 'Ben', 'Cleo'] as const;

describeInBrowser('npm run backend, in a browser', () => {
  let folder: string;
  let program: Program;
  let opened: TestBrowser;
  let url: string;

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
    opened = await openBrowser();
  });
  afterAll(async () => {
    await opened?.browser.close();
    program?.child.kill('SIGTERM');
    await program?.exit();
    await rm(folder, { recursive: true, force: true });
  });

  const votesOf = async (page: Page): Promise<string[]> =>
    page.locator('.question').first().locator('.votes').allTextContents();
  const seeVotes = (page: Page, total: string) =>
    page.locator('.total', { hasText: total }).first().waitFor();

  it('starts the embedded PostgreSQL, migrates it, and says where the page is', () => {
    expect(program.output()).toContain('Using the embedded PostgreSQL in');
    expect(program.output()).toContain('19 migrations applied');
  });

  it('a host and three participants: questions, votes and results are seen live by all', async () => {
    const host = await opened.person();
    await host.goto(url);
    await host.getByLabel('Room title').fill('Friday’s retrospective');
    await host.getByRole('button', { name: 'Create room' }).click();
    await host.getByText('You are the host').waitFor();
    const code = (await host.locator('#room-code').textContent()) ?? '';
    expect(code).toMatch(/^[A-Z2-9]{6}$/);

    const people: Page[] = [];
    for (const name of NAMES) {
      const page = await opened.person({ viewport: PHONE });
      await page.goto(url);
      await page.getByLabel('Room code').fill(code.toLowerCase());
      await page.getByRole('button', { name: 'Join room' }).click();
      await page.getByLabel('Your name').fill(name);
      await page.getByRole('button', { name: 'Join', exact: true }).click();
      await page.getByText(`You are ${name}`).waitFor();
      people.push(page);
    }
    const [ann, ben, cleo] = people as [Page, Page, Page];
    await host.getByText('3 people have joined').waitFor();

    await host.getByLabel('Template').selectOption({ label: "What's your opinion?" });
    await host.getByLabel('Question', { exact: true }).fill('Was it a good week?');
    await host.getByRole('button', { name: 'Ask question' }).click();
    for (const page of people) {
      await page.getByRole('heading', { name: 'Was it a good week?' }).waitFor();
    }
    await ann.getByRole('button', { name: 'I agree' }).click();
    await ben.getByRole('button', { name: 'I agree' }).click();
    await cleo.getByRole('button', { name: 'Not sure' }).click();
    for (const page of [host, ...people]) {
      await seeVotes(page, '3 votes');
      expect(await votesOf(page)).toEqual(['2 votes', '0 votes', '1 vote']);
    }
    expect(await ann.locator('.is-mine').textContent()).toContain('I agree');
    expect(await ann.getByRole('button', { name: 'Not sure' }).count()).toBe(0);
    await host.screenshot({ path: join(SCREENSHOTS, 'host.png'), fullPage: true });
    await ann.screenshot({ path: join(SCREENSHOTS, 'participant.png') });

    await host.getByRole('button', { name: 'Close voting' }).click();
    for (const page of [host, ...people]) await seeVotes(page, '3 votes · Voting closed');
  });

  it('a page that is loaded again knows who it is, and what it has voted', async () => {
    const [page] = opened.browser.contexts()[1]?.pages() ?? [];
    await page?.reload();
    await page?.getByText('You are Ann').waitFor();
    await page?.locator('.is-mine').waitFor();
  });

  it('has no fault in the page and none against its policy, and a name for each field', async () => {
    expect(opened.faults).toEqual([]);
    const page = await opened.person();
    await page.goto(url);
    const fields = page.locator('input, select, textarea');
    const nameless = await fields.evaluateAll(
      (all) =>
        all.filter((field) => !(field as unknown as { labels: unknown[] }).labels?.length).length,
    );
    expect(nameless).toBe(0);
  });
});
