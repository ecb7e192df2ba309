import { SEED, sizeOf } from '../support/sizes';
import { majorOfPgDump } from './schemas/dump';
import { explore, majorFor, startServer, type Summary } from './schemas/main';

/*
 * The server that all tests share may be newer than the installed pg_dump, which then refuses it:
 * these tests start one that it can read.
 */
describe('drawn schemas, restored from snapshot, baseline and fix script (US8, FR-015)', () => {
  let major: number | null;
  let summary: Summary | null = null;

  beforeAll(async () => {
    const pgDump = await majorOfPgDump();
    major = pgDump === null ? null : majorFor(pgDump);
    if (major === null) {
      process.stderr.write('pg_dump is not installed: drawn schemas are left out.\n');
      return;
    }
    const server = await startServer(major);
    try {
      summary = await explore({ count: sizeOf('drawnSchemas'), seed: SEED }, () => true);
    } finally {
      await server.remove();
    }
  });

  it('are what they were, for knexward and for pg_dump (US8, FR-015)', () => {
    if (summary === null) return;
    const findings = summary.lost.map(({ number, outcome }) => ({
      replay: `node scripts/schemas.mjs --count ${sizeOf('drawnSchemas')} --seed ${SEED} --only ${number}`,
      findings: outcome.findings.slice(0, 3),
    }));
    expect(findings).toEqual([]);
    expect(summary.schemas).toBe(sizeOf('drawnSchemas'));
    expect(summary.statements).toBeGreaterThan(20 * summary.schemas);
  });
});
