import { once } from 'node:events';
import { type Socket } from 'socket.io-client';
import { waitFor } from '../../../tests/support/wait-for';
import { type WatchAnswer } from '../../src/live/sockets';
import { type RunningBackend, startBackend } from '../support/running-backend';

interface Told {
  id: number;
  state: string;
  options: { votes: number }[];
}

describe('live results over Socket.io', () => {
  let backend: RunningBackend;
  beforeAll(async () => {
    backend = await startBackend({ settings: { CORS_ORIGIN: ['https://polls.example'] } });
  });
  afterAll(() => backend.stop());

  const watch = async (socket: Socket, code: unknown): Promise<WatchAnswer> =>
    (await socket.emitWithAck('watch', code)) as WatchAnswer;
  const openRoom = async () =>
    (await backend.post<{ code: string; hostToken: string }>('/rooms', { title: 'Live' })).body;

  it('tells who watches a room, and nobody else, of questions, votes, people and the end', async () => {
    const room = await openRoom();
    const other = await openRoom();
    const inside = backend.socket();
    const outside = backend.socket();
    const questions: Told[] = [];
    const people: number[] = [];
    const elsewhere: unknown[] = [];
    inside.on('question', (question: Told) => questions.push(question));
    inside.on('people', ({ participants }: { participants: number }) => people.push(participants));
    outside.onAny((event) => elsewhere.push(event));
    expect(await watch(inside, room.code.toLowerCase())).toEqual({
      ok: true,
      room: { code: room.code, title: 'Live', participants: 0, questions: [] },
    });
    await watch(outside, other.code);

    const asked = await backend.post<{ id: number; options: { id: number }[] }>(
      `/rooms/${room.code}/questions`,
      { body: 'Which?', options: ['a', 'b'] },
      room.hostToken,
    );
    await waitFor(() => Promise.resolve(questions.length > 0));
    const { body: ann } = await backend.post<{ id: number; token: string }>(
      `/rooms/${room.code}/participants`,
      { name: 'Ann' },
    );
    await waitFor(() => Promise.resolve(people.at(-1) === 1));
    const vote = { participantId: ann.id, optionId: asked.body.options[1]?.id };
    await backend.post(`/questions/${asked.body.id}/votes`, vote, ann.token);
    await waitFor(() => Promise.resolve(questions.at(-1)?.options[1]?.votes === 1));
    await backend.post(`/questions/${asked.body.id}/close`, {}, room.hostToken);
    await waitFor(() => Promise.resolve(questions.at(-1)?.state === 'closed'));
    expect(elsewhere).toEqual([]);
  });

  it('tells also what another instance, or the old release with a NOTIFY, has done', async () => {
    const room = await openRoom();
    const socket = backend.socket();
    await watch(socket, room.code);
    const told = once(socket as never, 'people') as Promise<[{ participants: number }]>;
    await backend.database.query(
      `INSERT INTO participants (room_id, display_name) SELECT id, 'Zoe' FROM rooms WHERE code = $1`,
      [room.code],
    );
    await backend.database.query(`SELECT pg_notify('polls', $1)`, [
      JSON.stringify({ code: room.code }),
    ]);
    expect((await told)[0]).toEqual({ participants: 1 });
  });

  it('goes on after its connection to the database was cut, and has everybody look again', async () => {
    const room = await openRoom();
    const socket = backend.socket();
    await watch(socket, room.code);
    const stale = once(socket as never, 'stale');
    await backend.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'polls live' AND datname = current_database()`,
    );
    await stale;
    const told = once(socket as never, 'people') as Promise<[{ participants: number }]>;
    await backend.post(`/rooms/${room.code}/participants`, { name: 'Zoe' });
    expect((await told)[0]).toEqual({ participants: 1 });
  });

  it.each([
    ['a room that is not there', 'ZZZZZZ', 404],
    ['what is no code', { $gt: '' }, 400],
  ])('answers %s with a problem', async (_what, code, status) => {
    expect(await watch(backend.socket(), code)).toMatchObject({ ok: false, problem: { status } });
  });

  it('refuses the page of another site, unless the configuration names it', async () => {
    const from = (origin: string) => backend.socket({ extraHeaders: { origin } });
    await once(from('https://polls.example') as never, 'connect');
    await once(from(backend.url) as never, 'connect');
    await once(from('https://evil.example') as never, 'connect_error');
  });

  it('stops answering a socket that asks too often', async () => {
    const { code } = await openRoom();
    const socket = backend.socket();
    for (let n = 0; n < 30; n++) expect(await watch(socket, code)).toMatchObject({ ok: true });
    expect(await watch(socket, code)).toMatchObject({ ok: false, problem: { status: 429 } });
  });
});
