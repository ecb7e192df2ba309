/** A moment in ISO 8601 and UTC, without trailing zeros beyond milliseconds. */
export function isoMoment(column: string): string {
  return `regexp_replace(to_char(${column} at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US'), '000$', '') || 'Z'`;
}
