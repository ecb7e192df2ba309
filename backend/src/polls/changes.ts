import { type Knex } from 'knex';

/** What has changed in a room: a question (its votes or its state), or who is there. */
export interface Change {
  code: string;
  questionId?: number;
}

/** The channel of PostgreSQL's NOTIFY on which the instances tell each other. */
export const CHANNEL = 'polls';

/** A change as it goes over the channel. */
export function changeText(change: Change): string {
  return JSON.stringify(change);
}

/** Tells every instance of the application, this one included, what has changed. */
export async function announceChange(knex: Knex, change: Change): Promise<void> {
  await knex.raw('SELECT pg_notify(?, ?)', [CHANNEL, changeText(change)]);
}
