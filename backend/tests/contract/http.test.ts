import { type RunningBackend, startBackend } from '../support/running-backend';

describe('the HTTP side of the reference backend', () => {
  let backend: RunningBackend;
  beforeAll(async () => {
    backend = await startBackend({ settings: { CORS_ORIGIN: ['https://polls.example'] } });
  });
  afterAll(() => backend.stop());

  const lineOf = (requestId: string) =>
    backend.logged().filter((line) => line['requestId'] === requestId);

  it('takes the caller’s x-request-id, sends it back, and has it in every line of the log', async () => {
    const { headers } = await backend.get('/rooms/ABCDEF', { 'x-request-id': 'from-the-proxy:7' });
    expect(headers.get('x-request-id')).toBe('from-the-proxy:7');
    expect(lineOf('from-the-proxy:7')).toMatchObject([
      { req: { method: 'GET', url: '/rooms/ABCDEF' }, res: { statusCode: 404 } },
    ]);
  });

  it.each([
    ['none', {}],
    ['one that cannot be logged', { 'x-request-id': 'a"b c' }],
    ['a very long one', { 'x-request-id': 'x'.repeat(500) }],
  ])('makes an id where there is %s', async (_what, given) => {
    const { headers } = await backend.get('/rooms/ABCDEF', given);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has no token and no header in the log', async () => {
    await backend.post('/rooms/ABCDEF/questions', { body: '?' }, 'T'.repeat(43));
    expect(JSON.stringify(backend.logged())).not.toMatch(/T{43}|authorization/i);
  });

  it('tells the client nothing about a fault inside, and the log everything', async () => {
    await backend.database.query('ALTER TABLE question_templates RENAME TO away');
    const { status, body, headers } = await backend.get('/templates');
    await backend.database.query('ALTER TABLE away RENAME TO question_templates');
    expect({ status, body }).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(body)).not.toContain('question_templates');
    const lines = lineOf(headers.get('x-request-id') ?? '');
    expect(lines.length).toBeGreaterThan(1);
    expect(JSON.stringify(lines)).toContain('42P01');
  });

  it('is alive', async () => {
    expect(await backend.get('/healthz')).toMatchObject({ status: 200, body: { alive: true } });
  });

  it('serves the page, under a policy that lets it run nothing but its own scripts', async () => {
    const page = await fetch(`${backend.url}/`);
    expect(await page.text()).toContain('<h1>Join a room</h1>');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(page.headers.get('x-powered-by')).toBeNull();
    const scripts = ['page', 'state', 'server', 'messages', 'results', 'invite'];
    const libraries = ['socket.io/socket.io.js', 'lean-qr/index.mjs', 'lean-qr/extras/svg.mjs'];
    const files = [...scripts.map((name) => `${name}.js`), 'style.css', 'icon.svg', ...libraries];
    for (const file of files) {
      const { status, headers } = await fetch(`${backend.url}/${file}`);
      expect({ file, status }).toEqual({ file, status: 200 });
      if (/js$/.test(file)) expect(headers.get('content-type')).toContain('javascript');
    }
  });

  it.each([
    ['https://polls.example', 'https://polls.example'],
    ['https://evil.example', null],
  ])('CORS: for %s it allows %s', async (origin, allowed) => {
    const { headers } = await backend.get('/templates', { origin });
    expect(headers.get('access-control-allow-origin')).toBe(allowed);
  });

  it('limits how often an address may ask', async () => {
    const limited = await startBackend({ settings: { RATE_LIMIT: 5 } });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await limited.get('/templates')).status);
    const { status, body } = await limited.get('/templates');
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    expect({ status, body }).toMatchObject({ status: 429, body: { code: 'too-many' } });
    expect((await limited.get('/healthz')).status).toBe(200);
    await limited.stop();
  });
});
