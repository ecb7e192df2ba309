import { escapeIdentifier } from 'pg';
import { type Check, green, red, yellow } from '../check.js';
import { type RightsFacts, type SchemaRights, type TableRights } from '../look/rights.js';

/** What the role may do. */
export function judgeRights(facts: RightsFacts): Check[] {
  return [
    ...judgeSchemas(facts),
    ...judgeHistory(facts),
    ...judgeRowSecurity(facts),
    ...judgeOwners(facts),
    judgeSessions(facts),
  ];
}

function judgeSchemas({ schemas, role, historySchema }: RightsFacts): Check[] {
  const found = schemas.flatMap((schema) => judgeSchema(schema, role, historySchema));
  // Where no schema of the search path can be used, there is none for a new table to go to.
  const home = schemas.find(({ usage }) => usage);
  if (home && !home.create) {
    const message = `"${role}" may not create tables in the schema "${home.name}", in which migrations create theirs`;
    found.push(red('SCHEMA_RIGHTS', message, grantOnSchema(home.name, role)));
  }
  if (schemas.length === 0 || !home) {
    const message = 'no schema of the search path can be used: nothing can be created or found';
    const first = schemas[0]?.name ?? 'public';
    found.push(red('SCHEMA_RIGHTS', message, grantOnSchema(first, role)));
  }
  if (found.length > 0) return found;
  const names = schemas.map(({ name }) => name).join(', ');
  return [green('SCHEMA_RIGHTS', `"${role}" may create tables in ${home?.name} (of ${names})`)];
}

function judgeSchema(schema: SchemaRights, role: string, historySchema: string | null): Check[] {
  const { name, exists, usage } = schema;
  const judge = name === historySchema ? red : yellow;
  if (!exists) {
    const message = `the schema "${name}" does not exist, but the search path or the knexfile names it`;
    return [judge('SCHEMA_RIGHTS', message, `create schema ${escapeIdentifier(name)};`)];
  }
  if (usage) return [];
  const message = `"${role}" may not use the schema "${name}" of the search path: its tables are not found`;
  return [judge('SCHEMA_RIGHTS', message, grantOnSchema(name, role))];
}

function grantOnSchema(schema: string, role: string): string {
  return `grant usage, create on schema ${escapeIdentifier(schema)} to ${escapeIdentifier(role)};`;
}

function judgeHistory({ tables, schemas, historySchema, role }: RightsFacts): Check[] {
  const own = tables.filter(({ part }) => part !== 'old');
  const missing = tables.filter((table) => table.missing.length > 0 || table.sequence !== null);
  const found = missing.map((table) => lackingOnTable(table, role));
  const home = schemas.find(({ name }) => name === historySchema);
  if (own.length < 3 && home?.exists && !home.create) {
    const message = `the history tables do not exist yet, and "${role}" may not create them in the schema "${home.name}"`;
    found.push(red('HISTORY_RIGHTS', message, grantOnSchema(home.name, role)));
  }
  if (found.length > 0) return found;
  const what = own.length < 3 ? 'create and fill' : 'read and fill';
  return [green('HISTORY_RIGHTS', `"${role}" may ${what} the tables of the history`)];
}

function lackingOnTable({ name, missing, sequence }: TableRights, role: string): Check {
  const grantee = escapeIdentifier(role);
  const rights = [
    ...(missing.length > 0 ? [`${missing.join(', ')} on ${name}`] : []),
    ...(sequence === null ? [] : [`usage on sequence ${sequence}`]),
  ];
  const fix = rights.map((right) => `grant ${right} to ${grantee};`).join(' ');
  return red('HISTORY_RIGHTS', `"${role}" lacks ${rights.join(' and ')}`, fix);
}

function judgeRowSecurity({ tables, role }: RightsFacts): Check[] {
  const hiding = tables.filter(({ hidesRows }) => hidesRows);
  if (hiding.length === 0) return [green('ROW_SECURITY', 'no row of the history is hidden')];
  return hiding.map(({ name }) => {
    const message = `row security may hide rows of ${name} from "${role}": what is applied would look pending, and run a second time`;
    return red('ROW_SECURITY', message, `alter table ${name} disable row level security;`);
  });
}

function judgeOwners({ strangers, role }: RightsFacts): Check[] {
  if (strangers.length === 0) {
    return [green('TABLE_OWNERS', `"${role}" may alter every table of its schemas`)];
  }
  return strangers.map(({ owner, count, some }) => {
    const names = some.join(', ') + (count > some.length ? ', …' : '');
    const message = `${count} tables belong to "${owner}", so "${role}" cannot alter them: ${names}`;
    return yellow(
      'TABLE_OWNERS',
      message,
      `grant ${escapeIdentifier(owner)} to ${escapeIdentifier(role)};`,
    );
  });
}

function judgeSessions({ seesSessions, role }: RightsFacts): Check {
  if (seesSessions) return green('SESSION_RIGHTS', `"${role}" sees what other sessions do`);
  const message = `"${role}" cannot see what the sessions of other roles do: knexward cannot always say who blocks a change, and OPEN_TRANSACTION finds only sessions of the same role`;
  return yellow('SESSION_RIGHTS', message, `grant pg_read_all_stats to ${escapeIdentifier(role)};`);
}
