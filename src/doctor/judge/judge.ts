import { commandLine } from '../../command-line.js';
import { type Check, red, yellow } from '../check.js';
import { type DatabaseFacts, type Facts, type Looked } from '../facts.js';
import { type ProjectFacts } from '../look/project.js';
import { judgeActivity } from './activity.js';
import { judgeConnection, judgePooler } from './connection.js';
import { judgeHistory, judgeUnreadableHistory } from './history.js';
import { judgeMachine } from './machine.js';
import { judgeProject } from './project.js';
import { judgeRights } from './rights.js';
import { judgeSettings } from './settings.js';

/** Judges what was seen. Pure: the same facts give the same checks, in the order of looking. */
export function judge(facts: Facts): Check[] {
  const { machine, project, database, production } = facts;
  const checks = judgeMachine(machine);
  if (project.failed) {
    const { message, fix } = project.failed;
    return [...checks, red('CONFIGURATION', message, fix ?? 'Correct the knexfile.')];
  }
  checks.push(...judgeProject(project.value));
  if (!database) return checks;
  if (database.failed) {
    const { message, fix } = database.failed;
    return [...checks, red('CONNECTION', message, fix ?? 'Correct the connection.')];
  }
  return [...checks, ...judgeDatabase(database.value, project.value, production)];
}

function judgeDatabase(facts: DatabaseFacts, project: ProjectFacts, production: boolean): Check[] {
  const { connection, asked } = facts;
  const place = connection.value ?? { role: '?', database: '?' };
  return [
    ...seen('the server', connection, (value) => judgeConnection(value, production)),
    ...seen('the pooler', facts.pooler, (value) => judgePooler(value, asked.searchPath, place)),
    ...seen('the settings', facts.settings, (value) => judgeSettings(value, place, asked)),
    ...seen('the privileges', facts.rights, (value) => judgeRights(value)),
    ...seen('the activity', facts.activity, (value) => judgeActivity(value)),
    ...judgeHistoryOf(facts, project),
  ];
}

function judgeHistoryOf({ history }: DatabaseFacts, project: ProjectFacts): Check[] {
  if (history.value) return judgeHistory(history.value);
  // What is wrong with the files is told of the folder already.
  if (typeof project.files !== 'number') return [];
  return [judgeUnreadableHistory(history.failed)];
}

/** What could not be looked at is no reason to be silent, nor to call it well. */
function seen<T>(what: string, looked: Looked<T>, judgeIt: (value: T) => Check[]): Check[] {
  if (!looked.failed) return judgeIt(looked.value);
  const { message, fix } = looked.failed;
  return [
    yellow('NOT_LOOKED_AT', `could not check ${what}: ${message}`, fix ?? commandLine('doctor')),
  ];
}
