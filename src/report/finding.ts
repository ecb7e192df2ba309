import { type Warning } from '../adopt/plan.js';
import { type Check } from '../doctor/check.js';
import { type KnexwardError } from '../errors.js';
import { type Problem } from '../plan/problems.js';
import { type MigrationFailure } from '../failure/failure.js';
import { type Difference } from '../schema/compare.js';
import { type RoundTrip } from '../verify/round-trip.js';
import { faultsOf } from './round-trip-text.js';

/** Something that a pipeline should point at: beside the file that it is about, where there is one. */
export interface Finding {
  level: 'error' | 'warning';
  title: string;
  message: string;
  file?: string | null;
  line?: number | null;
}

/** An error that ended the command. */
export function findingOfError({ code, message, fix }: KnexwardError): Finding {
  return { level: 'error', title: code, message: `${message}\n${fix}` };
}

/** A migration that failed, at its line. */
export function findingOfFailure(failure: MigrationFailure): Finding {
  const { code, name, message, fix, file, line } = failure;
  return {
    ...{ level: 'error', title: `${code} ${name}`, file, line },
    message: fix === null ? message : `${message}\n${fix}`,
  };
}

/** What `status` found to be wrong; what is pending is a finding for a check only. */
export function findingsOfProblems(problems: readonly Problem[]): Finding[] {
  return problems.map(({ code, migration, message, fix }) => ({
    level: 'warning',
    title: migration === null ? code : `${code} ${migration}`,
    message: `${message}\n${fix}`,
  }));
}

/** What a person should know of a takeover. */
export function findingsOfWarnings(warnings: readonly Warning[]): Finding[] {
  return warnings.map(({ code, message }) => ({ level: 'warning', title: code, message }));
}

/** Objects that are not as they should be. */
export function findingsOfDifferences(differences: readonly Difference[]): Finding[] {
  return differences.map(({ kind, object, expected, actual }) => ({
    level: 'error',
    title: 'Drift',
    message: `${kind} ${object} ${describe(expected, actual)}`,
  }));
}

function describe(expected: Difference['expected'], actual: Difference['actual']): string {
  if (expected === null) return 'is unexpected';
  if (actual === null) return 'is missing';
  return `is different: ${Object.keys(expected).join(', ')}`;
}

/** Pending migrations that do not come back as they should. */
export function findingsOfRoundTrips(trips: readonly RoundTrip[] | null): Finding[] {
  return (trips ?? []).flatMap((trip) =>
    faultsOf(trip).map((message): Finding => {
      const { file = null, line = null } = trip.failed ?? {};
      return { level: 'error', title: `Round trip of ${trip.name}`, message, file, line };
    }),
  );
}

/** What `doctor` found to be wrong, or likely to hurt. */
export function findingsOfChecks(checks: readonly Check[]): Finding[] {
  return checks
    .filter(({ status }) => status !== 'green')
    .map(({ code, status, message, fix }) => ({
      level: status === 'red' ? 'error' : 'warning',
      title: code,
      message: fix === null ? message : `${message}\n${fix}`,
    }));
}
