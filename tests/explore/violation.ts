/** Each thing that must hold, by a short name under which violations are counted. */
export const RULES = {
  explorer: 'the explorer itself can act a schedule out',
  hang: 'every runner ends',
  died: 'no runner ends by a signal that nobody sent it',
  json: 'with --json, stdout is one document',
  'exit code': 'the exit code says what the document says',
  'not up to date': 'after `up` or `wait` with 0, nothing is pending',
  internal: 'nothing happens that was not foreseen',
  rights: 'a role that owns its schema needs no other right',
  'told but not there': 'what is told as done is in the database',
  'there but not told': 'what is told as failed, or not at all, left nothing',
  'resolve without effect': 'what `resolve` says it recorded is recorded',
  twice: 'no change runs twice',
  'goes on': 'the code of a change that has failed reaches the database no more',
  'history and effects': 'the history holds what is in the database, once',
  'journal and history': 'the journal comes to the same as the history',
  unreported: 'a change outside a transaction without its history row is told by status',
  'session left': 'no session and no lock outlives its runner',
  'lock lost': 'a run is told that its lock is gone only where something took it away',
  'taken over': 'a run that another has taken over begins no further change',
  interleaved: 'once another run has recorded a change, the one before it records no more',
  'under way': 'nobody records the end of a change that is under way',
  plan: 'no more is carried out than was shown',
  'Knex lock left': "Knex's lock is free, or the next run's to take over",
  'Knex lock open': "Knex's lock is held while a change runs",
  'session state': 'each migration finds the session as the configuration says',
  'undisturbed run': 'a run that nothing disturbs does what it is asked for',
  'disturbed by another': 'what other runs are struck by makes no migration fail in this one',
  end: 'the next run comes to the same end as an undisturbed one',
  status: 'status --check and wait agree with that end',
} as const;

export type Rule = keyof typeof RULES;

/** Something that must not be. */
export interface Violation {
  rule: Rule;
  text: string;
}

/** What is the same for one violation in many schedules: its rule, and how its text begins. */
export function kindOf({ rule, text }: Violation): string {
  const general = text
    .replace(/\d{14}[-_]\S+?\.(?:js|sql)/g, 'M')
    .replace(/(?:M,)+M/g, 'M')
    .replace(/[\da-f]{8}-[\da-f-]{27}/g, 'ID')
    .replace(/"message":.*$/, '…')
    .replace(/"runId".*$/, '…')
    .replace(/: effect .*$/, '')
    .replace(/runner \d+/g, 'runner N')
    .replace(/\d{2,}/g, 'N');
  return `${rule}: ${general.slice(0, 110)}`;
}

/** Collects them. */
export class Violations {
  readonly found: Violation[] = [];

  add(rule: Rule, text: string): void {
    this.found.push({ rule, text });
  }
}

/** One line of what a program said. */
export function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)} …` : line;
}
