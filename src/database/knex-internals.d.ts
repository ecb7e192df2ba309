/** What Knex's dialect for PostgreSQL makes its transactions of. Knex's types lack it. */
declare module 'knex/lib/dialects/postgres/execution/pg-transaction.js' {
  const PgTransaction: unknown;
  export default PgTransaction;
}
