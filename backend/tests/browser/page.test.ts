import { readFile } from 'node:fs/promises';
import axe, { type AxeResults } from 'axe-core';
import { type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import {
  describeInBrowser,
  DESKTOP,
  openBrowser,
  PHONE,
  type TestBrowser,
} from '../support/browser';
import { type RunningBackend, startBackend } from '../support/running-backend';

interface Room {
  code: string;
  hostToken: string;
}
interface Asked {
  id: number;
  options: { id: number }[];
}

const CODE_ERROR = 'A room code has six letters and digits, for example ABC234.';
const LOOKS: [string, BrowserContextOptions][] = [
  ['a desktop, light', { viewport: DESKTOP, colorScheme: 'light' }],
  ['a desktop, dark', { viewport: DESKTOP, colorScheme: 'dark' }],
  ['a phone, light', { viewport: PHONE, colorScheme: 'light' }],
  ['a phone, dark', { viewport: PHONE, colorScheme: 'dark' }],
];

describeInBrowser('the page, as hosts and participants see it', () => {
  let backend: RunningBackend;
  let opened: TestBrowser;
  beforeAll(async () => {
    backend = await startBackend();
    opened = await openBrowser();
  });
  afterAll(async () => {
    await opened?.browser.close();
    await backend?.stop();
  });
  afterEach(async () => {
    for (const context of opened.browser.contexts()) await context.close();
    // What the server refuses is also a line in the browser's console.
    const faults = opened.faults.splice(0);
    const isExpected = /status of 4\d\d|ERR_INTERNET_DISCONNECTED/;
    expect(faults.filter((fault) => !isExpected.test(fault))).toEqual([]);
  });

  const at = async (hash: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await opened.person(options);
    await page.goto(`${backend.url}/${hash}`);
    return page;
  };
  const openRoom = async (): Promise<Room> =>
    (await backend.post<Room>('/rooms', { title: 'Friday’s retrospective' })).body;
  const ask = async ({ code, hostToken }: Room, options = ['Yes', 'No', 'Not sure']) =>
    (
      await backend.post<Asked>(
        `/rooms/${code}/questions`,
        { body: 'Was it a good week?', options },
        hostToken,
      )
    ).body;
  const close = ({ id }: Asked, { hostToken }: Room) =>
    backend.post(`/questions/${id}/close`, {}, hostToken);
  const vote = async ({ code }: Room, { id, options }: Asked, index: number, name: string) => {
    const { body } = await backend.post<{ id: number; token: string }>(
      `/rooms/${code}/participants`,
      { name },
    );
    const choice = { participantId: body.id, optionId: options[index]?.id };
    await backend.post(`/questions/${id}/votes`, choice, body.token);
  };
  /** The room's host, at the browser that created it. */
  const hostOf = async ({ code, hostToken }: Room, options: BrowserContextOptions = {}) => {
    const page = await opened.person(options);
    await page.goto(backend.url);
    const kept = [`host/${code}`, JSON.stringify({ token: hostToken })];
    await page.evaluate(
      `localStorage.setItem(${kept.map((text) => JSON.stringify(text)).join(', ')})`,
    );
    await page.goto(`${backend.url}/#host/${code}`);
    await page.getByText('You are the host').waitFor();
    return page;
  };
  const join = async (page: Page, name: string): Promise<void> => {
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
  };
  const expectFieldError = async (field: Locator, message: string): Promise<void> => {
    await field.page().locator('.field-error', { hasText: message }).waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const describedBy = String(await field.getAttribute('aria-describedby'));
    expect(await field.page().locator(`#${describedBy}`).textContent()).toBe(message);
    const focused = 'document.activeElement.id';
    expect(await field.page().evaluate(focused)).toBe(await field.getAttribute('id'));
  };

  describe('a code that leads nowhere', () => {
    const message = 'There is no room with the code ZZZZZZ. Check the code and try again.';

    it('is refused at the form, from a link and from the form itself, and no room is shown', async () => {
      const page = await at('#join/ZZZZZZ');
      const field = page.getByLabel('Room code');
      await expectFieldError(field, message);
      expect(await page.locator('#room').isVisible()).toBe(false);
      // The same code again is looked for again.
      await field.fill('zzzzzz');
      await page.getByRole('button', { name: 'Join room' }).click();
      await expectFieldError(field, message);
      expect(await page.locator('#room').isVisible()).toBe(false);
      expect(await page.getByLabel('Your name').isVisible()).toBe(false);
    });

    it.each(['AB-12!', 'ABC', 'ABCDEFG', ' '])(
      'says what a code is where “%s” is typed',
      async (typed) => {
        const page = await at('');
        const field = page.getByLabel('Room code');
        await field.fill(typed);
        await page.getByRole('button', { name: 'Join room' }).click();
        await expectFieldError(field, CODE_ERROR);
        expect(await field.inputValue()).toBe(typed);
      },
    );

    it('says what a code is where a link has none', async () => {
      await expectFieldError((await at('#join/AB-12!')).getByLabel('Room code'), CODE_ERROR);
    });
  });

  it.each([
    [
      'in small letters and groups',
      (code: string) => ` ${code.slice(0, 3)}-${code.slice(3)} `.toLowerCase(),
    ],
    ['as the whole link', (code: string) => `${backend.url}/#join/${code}`],
  ])('takes a code that is entered %s', async (_how, typed) => {
    const { code } = await openRoom();
    const page = await at('');
    await page.getByLabel('Room code').fill(typed(code));
    await page.getByRole('button', { name: 'Join room' }).click();
    await page.getByRole('heading', { name: 'Friday’s retrospective' }).waitFor();
    expect(new URL(page.url()).hash).toBe(`#join/${code}`);
  });

  it('shows nobody but the host as the host; others can join', async () => {
    const room = await openRoom();
    const page = await opened.person();
    // What it says of the person, at any moment.
    await page.addInitScript(`window.roles = new Set();
      new MutationObserver(() => roles.add(document.querySelector('#role')?.textContent))
        .observe(document, { childList: true, subtree: true, characterData: true })`);
    await page.goto(`${backend.url}/#host/${room.code}`);
    await page
      .getByRole('status')
      .filter({ hasText: 'Only the browser that created this room' })
      .waitFor();
    await page.getByLabel('Your name').waitFor();
    expect(await page.evaluate('[...roles].join()')).not.toContain('host');
    expect(await page.getByRole('button', { name: 'Ask question' }).isVisible()).toBe(false);
    const host = await hostOf(room);
    expect(await host.getByRole('button', { name: 'Ask question' }).isVisible()).toBe(true);
  });

  it('says that the server cannot be reached, until it can', async () => {
    const { code } = await openRoom();
    const page = await at(`#join/${code}`);
    // The page may be connected before it has been told of the room: offline, it would wait for it.
    await page.getByLabel('Your name').waitFor();
    await page.context().setOffline(true);
    await join(page, 'Ann');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'Can’t reach the server. Check your connection' }).waitFor();
    await page.context().setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('#problem:empty').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.getByText('You are Ann').waitFor();
  });

  it('says that the server cannot be reached where a room was never shown, until it can', async () => {
    const { code } = await openRoom();
    const page = await opened.person();
    await page.route(/\/socket\.io\/\?/, (route) => route.abort('internetdisconnected'));
    await page.goto(`${backend.url}/#join/${code}`);
    await page.getByRole('alert').filter({ hasText: 'Can’t reach the server.' }).waitFor();
    await page.unroute(/\/socket\.io\/\?/);
    await page.getByLabel('Your name').waitFor();
    await page.locator('#problem:empty').waitFor({ state: 'attached' });
  });

  it('keeps a person in the room that they joined, where they have gone to another one meanwhile', async () => {
    const [joined, other] = [await openRoom(), await openRoom()];
    const page = await at(`#join/${joined.code}`);
    let answer = (): void => undefined;
    const left = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/participants', async (route) => {
      const response = await route.fetch();
      await left;
      await route.fulfill({ response });
    });
    const answered = page.waitForResponse('**/participants');
    await join(page, 'Ann');
    await page.evaluate(`location.hash = 'join/${other.code}'`);
    await page.locator('#room-code', { hasText: other.code }).waitFor();
    answer();
    await (await answered).finished();
    await page.waitForFunction(`sessionStorage.getItem('join/${joined.code}') !== null`);
    expect(await page.evaluate(`sessionStorage.getItem('join/${other.code}')`)).toBeNull();
    expect(await page.getByLabel('Your name').isVisible()).toBe(true);
    await page.evaluate(`location.hash = 'join/${joined.code}'`);
    await page.getByText('You are Ann').waitFor();
  });

  it('invites with the code and the link where the QR code cannot be made', async () => {
    const room = await openRoom();
    const host = await opened.person();
    await host.route('**/lean-qr/**', (route) => route.abort('internetdisconnected'));
    await host.addInitScript(
      `localStorage.setItem('host/${room.code}', '{"token":"${room.hostToken}"}')`,
    );
    await host.goto(`${backend.url}/#host/${room.code}`);
    await host.locator('#invite-code', { hasText: room.code }).waitFor();
    await host.locator('#qr[hidden]').waitFor({ state: 'attached' });
    const link = await host.getByLabel('Link to the room').inputValue();
    expect(link).toBe(`${backend.url}/#join/${room.code}`);
  });

  it('says at each field what is wrong with it, in words for people', async () => {
    const start = await at('');
    await start.getByLabel('Room title').fill('   ');
    await start.getByRole('button', { name: 'Create room' }).click();
    await expectFieldError(start.getByLabel('Room title'), 'Enter a title.');

    const room = await openRoom();
    const participant = await at(`#join/${room.code}`);
    await join(participant, ' ');
    await expectFieldError(participant.getByLabel('Your name'), 'Enter a name.');
    await vote(room, await ask(room), 0, 'Ann');
    await join(participant, 'Ann');
    await expectFieldError(
      participant.getByLabel('Your name'),
      'Someone in this room already uses that name. Choose another one.',
    );

    const host = await hostOf(room);
    const options = host.getByLabel('Options, one per line');
    await host.getByLabel('Question', { exact: true }).fill('Lunch?');
    for (const [typed, message] of [
      ['Yes', 'Enter at least two options.'],
      ['Yes\nYes', 'Each option must be different.'],
      [`Yes\n${'x'.repeat(201)}`, 'An option can have at most 200 characters.'],
      [[...'abcdefghijklm'].join('\n'), 'Enter at most 12 options.'],
    ] as const) {
      await options.fill(typed);
      await host.getByRole('button', { name: 'Ask question' }).click();
      await expectFieldError(options, message);
    }
    await options.fill('Yes\nNo');
    await host.getByRole('button', { name: 'Ask question' }).click();
    await host.getByRole('heading', { name: 'Lunch?' }).waitFor();
    expect(await host.locator('[aria-invalid]').count()).toBe(0);
  });

  it('shows the votes of each option, and its share of all', async () => {
    const room = await openRoom();
    const question = await ask(room);
    const page = await at(`#join/${room.code}`);
    const figures = () => page.locator('.figures').allInnerTexts();
    await page.locator('.figures').first().waitFor();
    expect(await figures()).toEqual(['0% 0 votes', '0% 0 votes', '0% 0 votes']);
    for (const [name, index] of [
      ['Ann', 0],
      ['Ben', 0],
      ['Cleo', 2],
    ] as const) {
      await vote(room, question, index, name);
    }
    await page.getByText('3 votes', { exact: true }).waitFor();
    expect(await figures()).toEqual(['67% 2 votes', '0% 0 votes', '33% 1 vote']);
    await page.getByText('3 people have joined').waitFor();
  });

  it.each([
    ['the clipboard', ''],
    ['no clipboard, as over plain HTTP', 'delete Navigator.prototype.clipboard'],
  ])('copies the link to the room, with %s', async (_what, script) => {
    const room = await openRoom();
    const host = await hostOf(room, { permissions: ['clipboard-read', 'clipboard-write'] });
    if (script) await host.addInitScript(script);
    if (script) await host.reload();
    await host.getByRole('button', { name: 'Copy link' }).click();
    await host.getByRole('status').filter({ hasText: 'Link copied.' }).waitFor();
    const target = host.getByLabel('Question', { exact: true });
    await target.focus();
    await host.keyboard.press('Control+V');
    expect(await target.inputValue()).toBe(`${backend.url}/#join/${room.code}`);
  });

  it.each(LOOKS)('has a QR code that leads to the room, on %s', async (_where, look) => {
    const room = await openRoom();
    const host = await hostOf(room, look);
    const image = await host.getByRole('img', { name: 'QR code' }).screenshot();
    await host.evaluate(await readFile(require.resolve('jsqr'), 'utf8'));
    const read = await host.evaluate(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${image.toString('base64')}';
      await image.decode();
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, 0, 0);
      const link = jsQR(context.getImageData(0, 0, width, height).data, width, height)?.data;
      // What is around it must be light, in the dark too: not every reader takes it inverted.
      const around = context.getImageData(width * 0.06, height / 2, 1, 1).data;
      return { link, around: [...around].join() };
    })()`);
    const link = `${backend.url}/#join/${room.code}`;
    expect(read).toEqual({ link, around: '255,255,255,255' });
  });

  it('announces a question and its result once, and no single vote', async () => {
    const room = await openRoom();
    const page = await at(`#join/${room.code}`);
    await join(page, 'Zoe');
    await page.getByText('You are Zoe').waitFor();
    await page.evaluate(`(() => {
      window.told = [];
      const regions = '[aria-live], [role=status], [role=alert], [role=log], progress';
      new MutationObserver((changes) => {
        const elements = changes.map(({ target }) => target.closest ? target : target.parentElement);
        const changed = new Set(elements.map((element) => element?.closest(regions)));
        for (const region of changed) if (region) told.push(region.textContent.trim());
      }).observe(document.body, { childList: true, characterData: true, subtree: true, attributes: true });
    })()`);
    const told = () => page.evaluate('told.splice(0)');
    const question = await ask(room, ['Yes', 'No']);
    await page.getByRole('button', { name: 'Yes' }).waitFor();
    expect(await told()).toEqual(['New question: Was it a good week?']);
    for (const [name, total] of Object.entries({
      Ann: '1 vote',
      Ben: '2 votes',
      Cleo: '3 votes',
    })) {
      await vote(room, question, 0, name);
      await page.locator('.total', { hasText: total }).waitFor();
    }
    expect(await told()).toEqual([]);
    await page.getByRole('button', { name: 'No' }).click();
    await page.locator('.total', { hasText: '4 votes' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'You voted for No.' }).waitFor();
    // The button that had the focus is gone.
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Was it a good week?');
    expect(await told()).toEqual(['You voted for No.']);
    await close(question, room);
    await page.locator('.total', { hasText: 'Voting closed' }).waitFor();
    expect(await told()).toEqual(['Voting closed: Was it a good week? Yes: 75%, No: 25%.']);
  });

  describe.each(LOOKS)('axe finds nothing wrong on %s', (_where, look) => {
    const expectAccessible = async (page: Page): Promise<void> => {
      await page.evaluate(axe.source);
      const { violations, incomplete } = await page.evaluate<AxeResults>('axe.run()');
      const unsure = incomplete.filter(({ id }) => id === 'color-contrast');
      const found = [...violations, ...unsure].flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
      expect(found).toEqual([]);
      // Nothing is cut off or needs to be scrolled sideways.
      expect(
        await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
      ).toBeLessThanOrEqual(0);
    };

    it('with the way in, and what is wrong there', async () => {
      const page = await at('', look);
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Create room' }).click();
      await page.getByRole('button', { name: 'Join room' }).click();
      await page.getByText(CODE_ERROR).waitFor();
      await page.getByText('Enter a title.').waitFor();
      await expectAccessible(page);
    });

    it('with a host, and with a participant who joins, votes, and sees the result', async () => {
      const room = await openRoom();
      const host = await hostOf(room, look);
      await host.getByRole('img', { name: 'QR code' }).waitFor();
      await expectAccessible(host);
      const page = await at(`#host/${room.code}`, look);
      await page.getByLabel('Your name').waitFor();
      await expectAccessible(page);
      const question = await ask(room, ['Yes', 'No', 'Donaudampfschiff'.repeat(10)]);
      await join(page, 'Ann');
      await page.getByRole('button', { name: 'Yes' }).waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Yes' }).click();
      await page.getByText('Your vote').first().waitFor();
      await expectAccessible(page);
      await host.locator('.total', { hasText: '1 vote' }).waitFor();
      await expectAccessible(host);
      await close(question, room);
      await page.locator('.total', { hasText: 'Voting closed' }).waitFor();
      await expectAccessible(page);
      await page.context().setOffline(true);
      await page.getByText('Reconnecting…').waitFor();
      await expectAccessible(page);
    });
  });
});
