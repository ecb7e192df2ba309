import { type RunningBackend, startBackend } from '../support/running-backend';

interface Problem {
  status: number;
  code: string;
  title: string;
  requestId: string;
  errors?: { path: string; message: string }[];
}
interface Room {
  code: string;
  title: string;
  slug: string;
  hostToken: string;
}
interface Participant {
  id: number;
  name: string;
  token: string;
}
interface Question {
  id: number;
  body: string;
  options: { id: number; label: string }[];
}

describe('the API of the reference backend', () => {
  let backend: RunningBackend;
  let room: Room;
  let ann: Participant;
  let question: Question;

  beforeAll(async () => {
    backend = await startBackend();
    room = (await backend.post<Room>('/rooms', { title: "Friday's Retro" })).body;
    ann = (await backend.post<Participant>(`/rooms/${room.code}/participants`, { name: 'Ann' }))
      .body;
    const asked = { body: 'How was it?', options: ['Well', 'Badly'] };
    question = (
      await backend.post<Question>(`/rooms/${room.code}/questions`, asked, room.hostToken)
    ).body;
  });
  afterAll(() => backend.stop());

  const join = async (name: string): Promise<Participant> =>
    (await backend.post<Participant>(`/rooms/${room.code}/participants`, { name })).body;
  const option = (index: number): number => question.options[index]?.id ?? 0;
  const expectProblem = (
    { status, headers, body }: { status: number; headers: Headers; body: unknown },
    expected: Partial<Problem>,
  ): void => {
    expect(body).toMatchObject({ type: 'about:blank', ...expected });
    expect(status).toBe(expected.status);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect((body as Problem).requestId).toBe(headers.get('x-request-id'));
    expect(JSON.stringify(body)).not.toMatch(/stack|node_modules|select |insert /i);
  };

  it('opens a room: a code of six characters, a title, a slug, and the host’s token', () => {
    expect(room).toEqual({
      code: expect.stringMatching(/^[A-HJ-NP-Z2-9]{6}$/) as string,
      title: "Friday's Retro",
      slug: `friday-s-retro-${room.code.toLowerCase()}`,
      hostToken: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
  });

  it('opens a room without a body, as it always did', async () => {
    const { status, body } = await backend.post<Room>('/rooms');
    expect({ status, title: body.title }).toEqual({ status: 201, title: 'Untitled' });
  });

  it('takes a code in any case', async () => {
    const { body } = await backend.get<Room>(`/rooms/${room.code.toLowerCase()}`);
    expect(body.code).toBe(room.code);
  });

  it('shows a room to everybody, without a token in it', async () => {
    const { status, body } = await backend.get(`/rooms/${room.code}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      title: "Friday's Retro",
      questions: [{ body: 'How was it?', state: 'open' }],
    });
    expect(JSON.stringify(body)).not.toMatch(/token/i);
  });

  it('keeps the options in the order in which the host wrote them', () => {
    expect(question.options.map(({ label }) => label)).toEqual(['Well', 'Badly']);
  });

  it.each([
    ['a room that is not there', 'ZZZZZZ', 404, 'not-found'],
    ['what is no code', 'nope', 400, 'invalid-input'],
  ])('refuses %s', async (_what, code, status, problem) => {
    expectProblem(await backend.get(`/rooms/${code}`), { status, code: problem });
  });

  it('refuses a name that somebody in the room has', async () => {
    const again = await backend.post(`/rooms/${room.code}/participants`, { name: 'Ann' });
    expectProblem(again, { status: 409, code: 'taken' });
  });

  it.each([
    ['what is no object', '/rooms', [], ''],
    ['an empty title', '/rooms', { title: '  ' }, 'title'],
    ['a title that is too long', '/rooms', { title: 'x'.repeat(161) }, 'title'],
    ['a title that is no text', '/rooms', { title: 7 }, 'title'],
    ['no name', '/rooms/CODE/participants', {}, 'name'],
    ['one option', '/rooms/CODE/questions', { body: '?', options: ['a'] }, 'options'],
    ['two equal options', '/rooms/CODE/questions', { body: '?', options: ['a', 'a '] }, 'options'],
    ['a vote for text', '/questions/1/votes', { participantId: 1, optionId: 'x' }, 'optionId'],
  ])('refuses %s, and says where', async (_what, path, body, where) => {
    const answer = await backend.post<Problem>(
      path.replace('CODE', room.code),
      body,
      room.hostToken,
    );
    expectProblem(answer, { status: 400, code: 'invalid-input' });
    expect(answer.body.errors?.map(({ path: place }) => place)).toContain(where);
    // In our words, not in those of the validator.
    expect(JSON.stringify(answer.body)).not.toMatch(
      /expected|received|too (small|big)|NaN|invalid /i,
    );
  });

  it('refuses what is not JSON, what is too much, and what is not there', async () => {
    expectProblem(await backend.post('/rooms', '{no'), { status: 400, code: 'invalid-json' });
    expectProblem(await backend.post('/rooms', { title: 'x'.repeat(20_000) }), {
      status: 413,
      code: 'too-large',
    });
    expectProblem(await backend.get('/nowhere'), { status: 404, code: 'not-found' });
    expectProblem(await backend.get('/questions/999999/results'), {
      status: 404,
      code: 'not-found',
    });
    expectProblem(await backend.get('/questions/99999999999/results'), {
      status: 400,
      code: 'invalid-input',
    });
  });

  it.each([
    ['no token', undefined],
    ['another token', 'A'.repeat(43)],
  ])('lets nobody ask or close with %s', async (_what, token) => {
    const asked = { body: 'Mine?', options: ['a', 'b'] };
    expectProblem(await backend.post(`/rooms/${room.code}/questions`, asked, token), {
      status: 403,
      code: 'not-host',
    });
    expectProblem(await backend.post(`/questions/${question.id}/close`, {}, token), {
      status: 403,
      code: 'not-host',
    });
  });

  it('tells the host from everybody else', async () => {
    const path = `/rooms/${room.code}/host`;
    const authorization = (token: string) => ({ authorization: `Bearer ${token}` });
    const { status, body } = await backend.get(path, authorization(room.hostToken));
    expect({ status, body }).toEqual({ status: 200, body: { host: true } });
    for (const headers of [{}, authorization('A'.repeat(43)), authorization(ann.token)]) {
      expectProblem(await backend.get(path, headers), { status: 403, code: 'not-host' });
    }
    expectProblem(await backend.get('/rooms/ZZZZZZ/host'), { status: 404, code: 'not-found' });
  });

  it('counts one vote: the same again gets the same answer, another option a 409', async () => {
    const path = `/questions/${question.id}/votes`;
    const vote = { participantId: ann.id, optionId: option(1) };
    const first = await backend.post(path, vote, ann.token);
    const again = await backend.post(path, vote, ann.token);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(first.body).toEqual({ questionId: question.id, optionId: option(1) });
    expect(again.body).toEqual(first.body);
    const other = await backend.post(path, { ...vote, optionId: option(0) }, ann.token);
    expectProblem(other, { status: 409, code: 'already-voted' });
    const { body } = await backend.get(`/questions/${question.id}/results`);
    expect(body).toEqual({
      id: question.id,
      body: 'How was it?',
      state: 'open',
      options: [
        { id: option(0), label: 'Well', votes: 0 },
        { id: option(1), label: 'Badly', votes: 1 },
      ],
    });
  });

  it('lets nobody vote in another’s name, from another room, or for another question’s option', async () => {
    const path = `/questions/${question.id}/votes`;
    const ben = await join('Ben');
    const inBensName = { participantId: ben.id, optionId: option(0) };
    expectProblem(await backend.post(path, inBensName, ann.token), {
      status: 403,
      code: 'not-participant',
    });
    expectProblem(await backend.post(path, { ...inBensName, optionId: 999_999 }, ben.token), {
      status: 404,
      code: 'not-found',
    });
    const elsewhere = (await backend.post<Room>('/rooms', { title: 'Elsewhere' })).body;
    const eve = (
      await backend.post<Participant>(`/rooms/${elsewhere.code}/participants`, { name: 'Eve' })
    ).body;
    const fromElsewhere = { participantId: eve.id, optionId: option(0) };
    expectProblem(await backend.post(path, fromElsewhere, eve.token), {
      status: 404,
      code: 'not-found',
    });
  });

  it('takes no vote for a question that is closed; closing twice is harmless', async () => {
    const asked = { body: 'Lunch?', options: ['Yes', 'No'] };
    const { body: lunch } = await backend.post<Question>(
      `/rooms/${room.code}/questions`,
      asked,
      room.hostToken,
    );
    const close = () => backend.post(`/questions/${lunch.id}/close`, undefined, room.hostToken);
    expect((await close()).body).toEqual({ id: lunch.id, state: 'closed' });
    expect((await close()).body).toEqual({ id: lunch.id, state: 'closed' });
    const vote = { participantId: ann.id, optionId: lunch.options[0]?.id };
    expectProblem(await backend.post(`/questions/${lunch.id}/votes`, vote, ann.token), {
      status: 409,
      code: 'not-open',
    });
  });

  it('serves rows that the old release wrote, which have no tokens', async () => {
    await backend.database.query(
      `INSERT INTO rooms (code, title, slug) VALUES ('LDRM22', 'Old', 'old-ldrm22')`,
    );
    const rows = await backend.database.query<{ id: number }>(
      `INSERT INTO participants (room_id, display_name)
       SELECT id, 'Table 5' FROM rooms WHERE code = 'LDRM22' RETURNING id`,
    );
    const asked = await backend.post<Question>('/rooms/LDRM22/questions', {
      body: 'Still there?',
      options: ['Yes', 'No'],
    });
    expect(asked.status).toBe(201);
    expect((await backend.get('/rooms/LDRM22/host')).status).toBe(200);
    const vote = { participantId: rows[0]?.id, optionId: asked.body.options[0]?.id };
    expect((await backend.post(`/questions/${asked.body.id}/votes`, vote)).status).toBe(201);
  });

  it('lists what a host may start from, as the old migrations left it', async () => {
    const { body } = await backend.get<{ key: string }[]>('/templates');
    expect(body.map(({ key }) => key)).toEqual(['agree', 'mood', 'scale', 'yes_no']);
  });

  it('keeps only hashes of tokens', async () => {
    const [row] = await backend.database.query<{ text: string }>(
      `SELECT concat((SELECT json_agg(r) FROM rooms r), (SELECT json_agg(p) FROM participants p)) AS text`,
    );
    expect(row?.text).toContain(room.code);
    expect(row?.text).not.toContain(room.hostToken);
    expect(row?.text).not.toContain(ann.token);
  });
});
