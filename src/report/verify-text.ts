import { type Verification } from '../verify/verify.js';
import { type Colors } from './output.js';
import { renderRoundTrips } from './round-trip-text.js';
import { renderDifference } from './snapshot-text.js';

/** How a database differs from what its migrations make, and what that leaves open. */
export function renderVerification(verification: Verification, c: Colors): string {
  const { inSync, differences, replayed, unreplayable, postgres } = verification;
  const lines = [
    ...(inSync
      ? [`The database is what its ${replayed} applied migrations make`]
      : [
          `Found ${differences.length} differences between the ${replayed} applied migrations and the database:`,
          ...differences.flatMap((difference) => renderDifference(difference, c)),
          '  + is there and no migration makes it, - is made and not there, ~ is there in another way.',
          '  Where the database is right: put it into a migration. Where the migrations are: change it back.',
        ]),
    ...(unreplayable.length > 0
      ? [
          `Not proven: ${unreplayable.length} applied migrations have no file to replay.`,
          ...unreplayable.map((name) => `  ${c.yellow('!')} ${name}`),
        ]
      : []),
    ...(postgres.expected === postgres.actual
      ? []
      : [
          `The replay ran on PostgreSQL ${postgres.expected}, the database is on ${postgres.actual}: the two word some definitions differently.`,
        ]),
    ...renderRoundTrips(verification, c),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
