import { type Knex } from 'knex';
import { type QueryResult } from 'pg';
import { type RawConnection } from '../database/raw-connection.js';
import { type LoadedMigration } from '../files/load.js';
import { isDriversOwn } from '../db-migrate/driver/search-path.js';
import { type Binding, bindingOf } from './bound-values.js';

/** One text that was sent to the server, and its outcome. */
export interface SentStatement {
  sql: string;
  bindings: Binding[];
  /** Which of the connections, counted from 0. */
  connection: number;
  /** The SQLSTATE with which the server refused it, and the migration went on all the same. */
  refused: string | null;
  /** Whether rows came back that code can look at; `true` where that is not known. */
  returnsRows: boolean;
  /** What the server says it has done, a word for each statement of the text. */
  commands: string[];
  /** Its data is streamed beside it (`copy … from stdin`), and not known here. */
  streamed: boolean;
}

/** What one change sent, in order. */
export interface Recording {
  migration: LoadedMigration;
  statements: SentStatement[];
}

/**
 * Records what changes send to the server, whichever way they send it: on every connection that
 * Knex hands out, between `begin` and `end` of a change. What the runner sends for its own purposes
 * comes before the one and after the other.
 */
export class Recorder {
  private current: Recording | null = null;
  private readonly connections: RawConnection[] = [];
  /** The changes that came to their end. */
  readonly recordings: Recording[] = [];

  /** Looks at each connection when it is handed out: what prepares a new one is no part of a change. */
  watch(knex: Knex): void {
    const client = knex.client as { acquireConnection(): Promise<RawConnection> };
    const acquire = client.acquireConnection.bind(client);
    client.acquireConnection = async () => {
      const connection = await acquire();
      if (!this.connections.includes(connection)) this.listen(connection);
      return connection;
    };
  }

  /** A change that is tried again begins anew. */
  begin(migration: LoadedMigration): void {
    this.current = { migration, statements: [] };
  }

  end(): void {
    if (this.current) this.recordings.push(this.current);
    this.current = null;
  }

  private listen(connection: RawConnection): void {
    const number = this.connections.push(connection) - 1;
    const send = connection.query.bind(connection) as (...given: unknown[]) => unknown;
    const record = (...given: unknown[]): unknown => {
      const sent = this.current && sentStatement(given, number);
      if (!sent) return send(...given);
      this.current?.statements.push(sent);
      const last = given.at(-1);
      if (typeof last === 'function') {
        const callback = last as (error: unknown, answer: unknown) => unknown;
        return send(...given.slice(0, -1), (error: unknown, answer: unknown) => {
          recordOutcome(sent, error, answer);
          return callback(error, answer);
        });
      }
      const answer = send(...given);
      if (answer instanceof Promise) {
        answer.then(
          (result) => recordOutcome(sent, null, result),
          (error: unknown) => recordOutcome(sent, error, null),
        );
      }
      return answer;
    };
    connection.query = record as RawConnection['query'];
  }
}

/** `pg` takes a text, an object with one, or an object that sends by itself: a cursor, a stream. */
function sentStatement([what, values]: unknown[], connection: number): SentStatement | null {
  const given = (typeof what === 'object' ? what : {}) as {
    text?: unknown;
    values?: unknown;
    submit?: unknown;
    cursor?: { text?: unknown; values?: unknown };
  };
  const text = typeof what === 'string' ? what : (given.text ?? given.cursor?.text);
  // What is no statement is for `pg` to refuse.
  if (typeof text !== 'string' || isDriversOwn(text)) return null;
  const bound = [values, given.values, given.cursor?.values].find(Array.isArray) ?? [];
  return {
    sql: text,
    bindings: bound.map(bindingOf),
    connection,
    refused: null,
    returnsRows: true,
    commands: [],
    streamed: typeof given.submit === 'function' && /^\s*copy\b/i.test(text),
  };
}

function recordOutcome(sent: SentStatement, error: unknown, answer: unknown): void {
  if (error) {
    sent.refused = (error as { code?: string }).code ?? 'none';
    sent.returnsRows = false;
    return;
  }
  const results = [answer].flat() as (QueryResult | undefined)[];
  sent.commands = results.map((result) => result?.command ?? '');
  sent.returnsRows = results.some((result) => (result?.fields?.length ?? 0) > 0);
}
