import { isoMoment } from './moment.js';
import { type HistoryTables, qualified } from './tables.js';

/** A change outside a transaction that was started and of which no end is recorded. */
export interface UnfinishedChange {
  name: string;
  /** The run that started it. */
  runId: string;
  startedAt: string;
  actor: string;
  /** The last statement that it is known to have sent; `null` where none is known. */
  statement: string | null;
}

/** A migration whose last attempt failed. */
export interface FailedChange {
  name: string;
  at: string;
  direction: 'up' | 'down';
  message: string;
  /** Whether it may have left something behind. */
  leftovers: boolean;
  /** What the same run had reverted before it, in that order. */
  reverted: string[];
  /** What that run would have done after it. */
  notReached: string[];
}

/** An expression for the unfinished changes, as JSON. */
export function unfinishedChanges(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('name', migration, 'runId', run_id, 'actor', actor,
      'statement', details ->> 'statement',
      'startedAt', (select ${isoMoment('min(s.at)')} from ${journal(tables)} s
        where s.run_id = latest.run_id and s.migration = latest.migration)) order by id)
    from (${latestEvents(tables)}) latest
   where event = 'started' or details ->> 'endUnknown' = 'true')`;
}

/** An expression for the failed changes, as JSON. */
export function failedChanges(tables: HistoryTables): string {
  return `(select json_agg(json_build_object('name', migration, 'at', ${isoMoment('at')},
      'direction', details ->> 'direction', 'message', details ->> 'message',
      'leftovers', coalesce((details ->> 'leftovers')::boolean, true),
      'reverted', (select coalesce(json_agg(r.migration order by r.id), '[]')
         from ${journal(tables)} r
        where r.run_id = latest.run_id and r.event = 'reverted' and r.id < latest.id),
      'notReached', coalesce(details -> 'notReached', '[]')) order by id)
    from (${latestEvents(tables)}) latest
   where event = 'failed' and details ->> 'endUnknown' is distinct from 'true')`;
}

/** A condition: whether there is any such change, which takes no look at what it is. */
export function hasOpenChanges(tables: HistoryTables): string {
  return `exists (${latestEvents(tables)})`;
}

/**
 * The latest event of each change decides; but that another run failed says nothing of a change whose
 * end is unknown: a run that has lost its lock fails at a change that it never began. Where that is `started`, or a failure that leaves open
 * what the server did, its end is unknown. The two are rare: to look for something later after each
 * of them is nothing, where putting a journal of many thousands in order is not.
 */
function latestEvents(tables: HistoryTables): string {
  return `select id, run_id, migration, event, actor, at, details
      from ${journal(tables)} e
     where event in ('started', 'failed')
       and not exists (select from ${journal(tables)} later
         where later.migration = e.migration and later.id > e.id
           and later.event in ('started', 'applied', 'failed', 'reverted', 'resolved')
           and later.details ->> 'verdict' is distinct from 'checksum'
           and (later.event <> 'failed' or later.run_id = e.run_id or
                (e.event = 'failed' and e.details ->> 'endUnknown' is distinct from 'true')))`;
}

function journal(tables: HistoryTables): string {
  return qualified(tables.schema, tables.journal);
}
