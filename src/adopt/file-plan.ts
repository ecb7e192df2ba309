import { countOf } from '../count.js';
import { KnexwardError } from '../errors.js';
import { type FileState, refuseChanged } from '../files/as-planned.js';
import { type Warning } from './plan.js';
import { redact } from '../secrets.js';
import { type FileStep } from './takeover-record.js';

/** What happens to one file of the project. */
export interface FileAction {
  /** Relative to the project's folder. */
  path: string;
  action: 'create' | 'rewrite' | 'rename' | 'remove' | 'keep';
  /** For a person: what exactly, a line each. */
  notes: string[];
  apply?: () => Promise<void>;
  /** What the files held that it was planned by. */
  expects?: readonly FileState[];
  /** What has to be remembered to take it back. */
  step?: FileStep;
}

/** What the takeover does to the project's files. */
export interface FilePlan {
  actions: FileAction[];
  warnings: Warning[];
}

/**
 * Refuses to go on where somebody has edited a file since the plan was made.
 *
 * @throws KnexwardError `PLAN_CHANGED`
 */
export function refuseEdited(actions: readonly FileAction[], consequence?: string): void {
  refuseChanged(
    actions.flatMap(({ expects }) => expects ?? []),
    consequence,
  );
}

/**
 * Refuses to go on where the files of the project would be planned for otherwise by now: one that calls db-migrate
 * has appeared, or says something else, while a question stood open.
 *
 * @param now the same plan, made again
 * @throws KnexwardError `PLAN_CHANGED`
 */
export function refuseOtherPlan(planned: FilePlan, now: FilePlan): void {
  const [before, after] = [linesOf(planned), linesOf(now)];
  const other =
    after.find((line) => !before.includes(line)) ?? before.find((line) => !after.includes(line));
  if (other === undefined) return;
  throw new KnexwardError('PLAN_CHANGED', {
    message: `The project was changed after the plan was made (${redact(other)}). Nothing was changed.`,
    fix: 'Run the command again.',
  });
}

/** All that a person is told of a plan. */
function linesOf({ actions, warnings }: FilePlan): string[] {
  return [
    ...actions.map(({ path, action, notes }) => `${action} ${path}: ${notes.join('; ')}`),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ];
}

/**
 * Sets the files, in order, once the database is done.
 *
 * @throws KnexwardError `PLAN_CHANGED`, `FILE_NOT_WRITABLE`
 */
export async function applyActions(actions: readonly FileAction[]): Promise<void> {
  refuseEdited(actions, 'The database is done; no file was changed.');
  const changes = actions.flatMap(({ apply }) => apply ?? []);
  for (const [done, apply] of changes.entries()) {
    try {
      await apply();
    } catch (error) {
      if (!(error instanceof KnexwardError)) throw error;
      const { code, message, fix } = error;
      throw new KnexwardError(code, {
        message: `${message}. The database is done, and ${done} of ${countOf(changes.length, 'file')} ${done === 1 ? 'was' : 'were'} changed`,
        fix: `${fix} It completes what is left.`,
        cause: error,
      });
    }
  }
}
