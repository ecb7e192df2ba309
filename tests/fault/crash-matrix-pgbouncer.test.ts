import { strikeEverywhere } from '../support/crash-matrix';
import { FAULTS, LANES } from '../support/crash-matrix-suite';
import { createCrashProject, SCENARIOS } from '../support/crash-scenarios';
import { describeWithPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer';
import { type Project } from '../support/project';
import { WHOLE } from '../support/sizes';

/** A sample: what can differ is how a lost client is noticed, and that is the same at each message. */
const EVERY = 13;

describeWithPgBouncer('the crash matrix through PgBouncer in transaction mode (SC-007)', () => {
  let project: Project;
  let pooler: PgBouncer;

  beforeAll(async () => {
    project = createCrashProject();
    pooler = await startPgBouncer({ mode: 'transaction' });
  });
  afterAll(async () => {
    await pooler.stop();
    project.remove();
  });

  describe.each(['kill', 'cut'] as const)('%s', (fault) => {
    it.each(SCENARIOS.map((scenario) => ({ scenario, action: scenario.action })))(
      `$action: at every ${EVERY}th message, before and after it`,
      async ({ scenario, action }) => {
        const { messages, points } = await strikeEverywhere(project.root, fault, scenario, {
          lanes: LANES,
          through: pooler.address,
          every: EVERY,
          size: 'crashPointsPooled',
        });
        expect(points).toBeGreaterThan(WHOLE ? 3 : 0);
        console.info(
          `crash matrix through PgBouncer, ${action}, ${FAULTS[fault]}: ${points} points at every ${EVERY}th of ${messages} messages`,
        );
      },
    );
  });
});
