import { type FaultName, strikeEverywhere } from './crash-matrix.js';
import {
  createCrashProject,
  createProjectOfSql,
  createProjectWithoutKnex,
  SCENARIOS,
  SCENARIOS_OF_SQL,
  SCENARIOS_WITHOUT_KNEX,
} from './crash-scenarios.js';
import { type Project } from './project.js';
import { sizeOf } from './sizes.js';

/** Each fault, in words. */
export const FAULTS: Record<FaultName, string> = {
  kill: 'the runner is killed',
  cut: 'the connection is cut',
  server: 'the server is killed and started again',
};

/** Lanes fill each other's waiting times; more of them than that only compete for the processor. */
export const LANES = 2;
/** Hundreds of points, where all are struck: on a busy machine they take longer than a test may. */
const TIME_LIMIT_MS = 3_600_000;

/** One transaction each, which a killed runner has met at every message: a sample for the others. */
const SAMPLED: ReadonlySet<string> = new Set(['finish', 'undo']);
const SAMPLE = 5;

/**
 * The crash matrix for one fault (a file for each, so that Jest runs them side by side):
 * at every message, just before and just after it. After each: nothing ran twice, history and
 * schema agree (or one unfinished change is reported), no lock is left, and the next run comes to
 * the same end as an undisturbed one.
 */
export function describeCrashMatrix(fault: FaultName): void {
  describe(`the crash matrix: ${FAULTS[fault]} (SC-007, EC-05)`, () => {
    strikeAll(fault, createCrashProject, SCENARIOS);
  });
  describe(`the crash matrix without Knex: ${FAULTS[fault]} (SC-007)`, () => {
    strikeAll(fault, createProjectWithoutKnex, SCENARIOS_WITHOUT_KNEX);
  });
  describe(`the crash matrix in a pipeline: ${FAULTS[fault]} (SC-007)`, () => {
    strikeAll(fault, createProjectOfSql, SCENARIOS_OF_SQL);
  });
}

function strikeAll(fault: FaultName, create: () => Project, scenarios: typeof SCENARIOS): void {
  let project: Project;

  beforeAll(() => {
    project = create();
  });
  afterAll(() => project.remove());

  it.each(scenarios.map((scenario) => ({ scenario, action: scenario.action })))(
    '$action: before and after the messages to the server',
    async ({ scenario, action }) => {
      const every = fault !== 'kill' && SAMPLED.has(action) ? SAMPLE : 1;
      const { messages, points } = await strikeEverywhere(project.root, fault, scenario, {
        lanes: LANES,
        every,
        size: 'crashPoints',
      });
      expect(points).toBe(Math.min(2 * Math.floor(messages / every), sizeOf('crashPoints')));
      console.info(
        `crash matrix, ${action}, ${FAULTS[fault]}: ${points} points at ${messages} messages`,
      );
    },
    TIME_LIMIT_MS,
  );
}
