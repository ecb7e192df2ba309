import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../support/project';

interface Measured {
  results: {
    id: string;
    standings: { id: string; roundTrips: number; connections: number; runs: unknown[] }[];
    leftOut: { title: string; reason: string }[];
  }[];
}

describe('the bench itself: one small case, with those that need nothing from the network (SC-001)', () => {
  it('measures, counts, checks, and writes table, chart and JSON', () => {
    const out = mkdtempSync(join(tmpdir(), 'knexward-bench-test-'));
    const bench = spawnSync(
      process.execPath,
      [
        ...[join(REPOSITORY, 'bench/run.mjs'), '--quick', '--runs', '1', '--out', out],
        ...['--cases', 'nothing-200,status-200', '--peers', 'knexward-js,raw'],
      ],
      { encoding: 'utf8' },
    );
    const read = (name: string): string => readFileSync(join(out, name), 'utf8');
    expect({ code: bench.status, stderr: bench.stderr }).toMatchObject({ code: 0 });
    const { results } = JSON.parse(read('latest.json')) as Measured;
    expect(results.map(({ id }) => id)).toEqual(['nothing-200', 'status-200']);
    // A login with a password takes three round trips, and the history one.
    const [ours, raw] = results[0]?.standings ?? [];
    expect(raw).toMatchObject({ id: 'raw', roundTrips: 4, connections: 1, runs: [{}] });
    expect(ours).toMatchObject({ id: 'knexward-js', connections: 1, runs: [{}] });
    expect(results[1]?.leftOut).toEqual([
      { title: 'node + pg', reason: 'the floor has no such job' },
    ]);
    expect(read('latest.md')).toContain('| **knexward, .js** |');
    expect(read('latest.svg')).toMatch(/^<svg [^]*<\/svg>\n$/);
    rmSync(out, { recursive: true });
  });
});
