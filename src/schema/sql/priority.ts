import { type ObjectId, type ObjectKind } from '../catalog/model.js';
import { type Section, type Statement } from './statement.js';

/** What comes when, as far as no dependency says otherwise: the order of a person's schema file. */
const PRIORITIES = [
  'schema',
  'extension',
  'type',
  'sequence',
  'table',
  'routine',
  'default',
  'table data',
  'sequence value',
  'check of new rows',
  'key',
  'index',
  'view',
  'materialized view',
  'later',
  'constraint',
  'statistics',
  'trigger',
  'trigger of a partition',
  'rule',
  'policy',
  'data of a materialized view',
  'check of new values',
  'publication',
  'privileges',
  'default privileges',
  'event trigger',
] as const;
export type Priority = (typeof PRIORITIES)[number];

export function priorityOf(name: Priority): number {
  return PRIORITIES.indexOf(name);
}

/** A view may need a key, so views are in the section after the data too. */
function sectionOf(priority: number): Section {
  if (priority < priorityOf('table data')) return 'pre-data';
  return priority <= priorityOf('sequence value') ? 'data' : 'post-data';
}

/** When an object of a kind is made. */
export const PRIORITY_OF: Readonly<Record<Exclude<ObjectKind, 'column' | 'comment'>, Priority>> = {
  schema: 'schema',
  extension: 'extension',
  enum: 'type',
  'composite type': 'type',
  domain: 'type',
  range: 'type',
  sequence: 'sequence',
  table: 'table',
  view: 'view',
  'materialized view': 'materialized view',
  function: 'routine',
  procedure: 'routine',
  aggregate: 'routine',
  publication: 'publication',
  'event trigger': 'event trigger',
  'default privileges': 'default privileges',
  constraint: 'constraint',
  index: 'index',
  statistics: 'statistics',
  trigger: 'trigger',
  rule: 'rule',
  policy: 'policy',
  privileges: 'privileges',
};

/** Statements of one priority about one object. */
export function statementsAbout(
  object: ObjectId,
  priority: number,
  texts: readonly string[],
): Statement[] {
  const section = sectionOf(priority);
  return texts.map((sql) => ({ sql, section, object, transactional: true }));
}
