import { type Answer, type RunningBackend, startBackend } from '../support/running-backend';

interface Results {
  state: string;
  options: { id: number; votes: number }[];
}

describe('votes under races', () => {
  let backend: RunningBackend;
  beforeAll(async () => {
    backend = await startBackend({ settings: { RATE_LIMIT: 100_000 } });
  });
  afterAll(() => backend.stop());

  async function ask(participants: number) {
    const { body: room } = await backend.post<{ code: string; hostToken: string }>('/rooms', {});
    const { body: question } = await backend.post<{ id: number; options: { id: number }[] }>(
      `/rooms/${room.code}/questions`,
      { body: '?', options: ['a', 'b', 'c'] },
      room.hostToken,
    );
    const people = await Promise.all(
      Array.from({ length: participants }, async (_, n) => {
        const path = `/rooms/${room.code}/participants`;
        return (await backend.post<{ id: number; token: string }>(path, { name: `P${n}` })).body;
      }),
    );
    const vote = (person: number, option: number): Promise<Answer> =>
      backend.post(
        `/questions/${question.id}/votes`,
        { participantId: people[person]?.id, optionId: question.options[option]?.id },
        people[person]?.token,
      );
    const results = async (): Promise<Results> =>
      (await backend.get<Results>(`/questions/${question.id}/results`)).body;
    return { room, question, vote, results };
  }

  const count = (answers: Answer[], status: number): number =>
    answers.filter((answer) => answer.status === status).length;

  it('one participant who votes thirty times at once, for three options, has one vote', async () => {
    const { vote, results } = await ask(1);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => vote(0, n % 3)));
    expect(count(answers, 201)).toBe(1);
    // The same option again is the same answer; each of the other two is refused ten times.
    expect(count(answers, 200)).toBe(9);
    expect(count(answers, 409)).toBe(20);
    const { options } = await results();
    expect(options.reduce((sum, { votes }) => sum + votes, 0)).toBe(1);
  });

  it('forty participants at once have forty votes', async () => {
    const { vote, results } = await ask(40);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => vote(n, n % 2)));
    expect(count(answers, 201)).toBe(40);
    expect((await results()).options.map(({ votes }) => votes)).toEqual([20, 20, 0]);
  });

  it('what the host is shown when the voting is closed is final', async () => {
    const { room, question, vote, results } = await ask(30);
    const voting = Array.from({ length: 30 }, (_, n) => vote(n, 0));
    const path = `/questions/${question.id}/close`;
    const closed = await backend.post<{ state: string }>(path, {}, room.hostToken);
    const atClosing = await results();
    const answers = await Promise.all(voting);
    expect(closed.body.state).toBe('closed');
    expect(await results()).toEqual(atClosing);
    expect(atClosing.options[0]?.votes).toBe(count(answers, 201));
    expect(count(answers, 201) + count(answers, 409)).toBe(30);
  });
});
