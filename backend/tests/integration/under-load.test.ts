import { createDatabase } from '../../../tests/support/database';
import { startProgram } from '../support/program';

interface Load {
  requests: number;
  failures: string[];
}
interface Report {
  calm: Load;
  migrating: Load;
  upgrade: { code: number; applied: number; planned: number; retries: number };
  meanwhile: number;
  votes: { answered: number; counted: number };
}

describe('migrating under load (US7)', () => {
  it('fails no request, loses no vote, and lets nobody wait for whom a change itself waits for', async () => {
    const database = await createDatabase();
    const args = ['--json', '--rate', '15', '--seconds', '4'];
    const program = startProgram('scripts/load', args, { DATABASE_URL: database.url });
    expect({ code: await program.exit(), output: program.output() }).toMatchObject({ code: 0 });
    await database.drop();
    const report = program.lines()[0] as unknown as Report;
    const { calm, migrating, upgrade, meanwhile, votes } = report;
    expect([...calm.failures, ...migrating.failures]).toEqual([]);
    expect(Math.min(calm.requests, migrating.requests)).toBeGreaterThan(0);
    expect(votes.counted).toBe(votes.answered);
    // A reader was in the way: the change gave way to the votes, and came through later.
    expect(upgrade).toMatchObject({ code: 0, applied: upgrade.planned });
    expect(upgrade.retries).toBeGreaterThan(0);
    // They did not wait until the reader was done.
    expect(meanwhile).toBeGreaterThan(0);
  });
});
