import { createDatabase } from '../../../tests/support/database';
import { startProgram } from '../support/program';

interface Latencies {
  requests: number;
  failures: string[];
  p99: number;
}
interface Report {
  lockTimeout: number;
  calm: Latencies;
  migrating: Latencies;
  upgrade: { code: number; applied: number; planned: number; retries: number };
  votes: { answered: number; counted: number };
}

/** The machine may stumble by itself: what migrating adds is measured again, so many times. */
const MEASUREMENTS = 3;

async function measure(): Promise<Report> {
  const database = await createDatabase();
  const args = ['--json', '--rate', '15', '--seconds', '4'];
  const program = startProgram('scripts/load', args, { DATABASE_URL: database.url });
  expect({ code: await program.exit(), output: program.output() }).toMatchObject({ code: 0 });
  await database.drop();
  return program.lines()[0] as unknown as Report;
}

describe('migrating under load (US7)', () => {
  it('fails no request, loses no vote, and lets nobody wait longer by more than the lock timeout', async () => {
    const added: number[] = [];
    for (let n = 0; n < MEASUREMENTS; n++) {
      const { calm, migrating, upgrade, votes, lockTimeout } = await measure();
      expect([...calm.failures, ...migrating.failures]).toEqual([]);
      expect(calm.requests).toBeGreaterThanOrEqual(60);
      expect(migrating.requests).toBeGreaterThanOrEqual(60);
      expect(votes.counted).toBe(votes.answered);
      // A reader was in the way: the change gave way to the votes, and came through later.
      expect(upgrade).toMatchObject({ code: 0, applied: upgrade.planned });
      expect(upgrade.retries).toBeGreaterThan(0);
      added.push(Math.round((100 * (migrating.p99 - calm.p99)) / lockTimeout));
      if (Math.min(...added) < 100) break;
    }
    // In percent of the lock timeout.
    expect(Math.min(...added)).toBeLessThan(100);
  }, 180_000);
});
