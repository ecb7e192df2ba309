import { REPOSITORY } from '../support/project';
import { SEED, sizeOf } from '../support/sizes';
import { explore } from './explore';
import { renderFailure } from './report';

const LIMIT_MS = 60_000;

describe('drawn schedules of runners and faults (FR-006, FR-009, SC-007)', () => {
  it('nothing runs twice, nothing is told that is not so, and the next run comes to the end of an undisturbed one', async () => {
    const count = sizeOf('explorerSchedules');
    const failures: string[] = [];
    const tally = await explore({
      ...{ seed: SEED, packageFolder: REPOSITORY, lanes: 2, limitMs: LIMIT_MS },
      schedules: Array.from({ length: count }, (_, index) => index + 1),
      goesOn: () => true,
      onSchedule: ({ number, schedule, violations }) => {
        if (violations.length === 0) return;
        const title = `schedule ${number} of seed ${SEED}`;
        // Without the option, the command also looks for a smaller one.
        const command = `npm run explore -- --seed ${SEED} --only ${number}`;
        failures.push(renderFailure(title, command, schedule, violations));
      },
    });
    expect(failures.join('\n')).toBe('');
    expect(tally.schedules).toBe(count);
  });
});
