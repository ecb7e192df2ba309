import { setTimeout as sleep } from 'node:timers/promises';
import { type TestDatabase } from './database.js';
import { type LoadBalancer, type Reply } from './load-balancer.js';

const PAUSE_MS = 15;
const NEW_QUESTION_EVERY = 40;

interface Question {
  id: number;
  options: { id: number }[];
}

/**
 * People who join a room and vote, one after the other and several at a time, for as long as they
 * are let. Now and then somebody asks the next question, or looks at the results.
 */
export class Voters {
  /** The option of each vote that was acknowledged, by participant and question. */
  private readonly acknowledged = new Map<string, number>();
  private readonly loops: Promise<void>[];
  private question: Question | undefined;
  private count = 0;
  private over = false;

  constructor(
    private readonly balancer: LoadBalancer,
    private readonly code: string,
    atOnce = 3,
  ) {
    this.loops = Array.from({ length: atOnce }, () => this.voteOn());
  }

  get votes(): number {
    return this.acknowledged.size;
  }

  /** Lets those who are at it end. */
  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.loops);
  }

  /** How what was acknowledged and what the table holds differ, in words. */
  async differences(database: TestDatabase): Promise<string[]> {
    const rows = await database.query<{ key: string; option: number }>(
      `SELECT participant_id || ':' || question_id AS key, option_id AS option FROM votes`,
    );
    const held = new Map(rows.map(({ key, option }) => [key, option]));
    return [
      ...(rows.length > held.size ? ['one vote is there twice'] : []),
      ...[...this.acknowledged]
        .filter(([key, option]) => held.get(key) !== option)
        .map(([key]) => `lost: ${key}`),
      ...[...held.keys()]
        .filter((key) => !this.acknowledged.has(key))
        .map((key) => `of nobody: ${key}`),
    ];
  }

  private async voteOn(): Promise<void> {
    while (!this.over) {
      // What failed is written down by the balancer; the others go on.
      await this.voteOnce(this.count++).catch(() => undefined);
      await sleep(PAUSE_MS);
    }
  }

  private async voteOnce(index: number): Promise<void> {
    const question = await this.currentQuestion(index);
    const name = `voter ${index}`;
    const { id, token } = await this.join(name);
    const option = question.options[index % question.options.length]?.id ?? 0;
    const vote = { participantId: id, optionId: option };
    const path = `/questions/${question.id}/votes`;
    const reply = await this.balancer.send('POST', path, vote, token);
    // The old release answers 409 where the vote that was cut off is there already.
    this.expect(reply, path, reply.repeated ? [200, 201, 409] : [201]);
    this.acknowledged.set(`${id}:${question.id}`, option);
    if (index % 10 === 0) {
      const results = `/questions/${question.id}/results`;
      this.expect(await this.balancer.send('GET', results), results, [200]);
    }
  }

  private async currentQuestion(index: number): Promise<Question> {
    if (this.question && index % NEW_QUESTION_EVERY !== 0) return this.question;
    const path = `/rooms/${this.code}/questions`;
    const asked = { body: `Question ${index}?`, options: ['yes', 'no', 'perhaps'] };
    const reply = await this.balancer.send('POST', path, asked);
    this.expect(reply, path, [201]);
    return (this.question = reply.body as unknown as Question);
  }

  /** Under another name where the first try was cut off: who knows whether it was taken. */
  private async join(name: string): Promise<{ id: number; token?: string }> {
    const path = `/rooms/${this.code}/participants`;
    const reply = await this.balancer.send('POST', path, { name });
    if (reply.repeated && reply.status === 409) return this.join(`${name} again`);
    this.expect(reply, path, [201]);
    return reply.body as { id: number; token?: string };
  }

  private expect({ status, body }: Reply, what: string, allowed: number[]): void {
    if (allowed.includes(status)) return;
    throw this.balancer.failed(`${what}: ${status} ${JSON.stringify(body)}`);
  }
}
