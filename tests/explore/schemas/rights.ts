import { condition, type Maker } from './world';

/** Roles that every server has. */
const ROLES = ['pg_monitor', 'pg_read_all_data', 'pg_signal_backend', 'PUBLIC'];

const grant: Maker = (world, draw) => {
  const one = draw.maybe(world.objects.filter(({ granted }) => granted));
  if (!one?.granted) return null;
  const { on, rights } = one.granted;
  const role = draw.of(ROLES);
  const option = role !== 'PUBLIC' && draw.once(5) ? ' WITH GRANT OPTION' : '';
  return { sql: `GRANT ${rights} ON ${on} TO ${role}${option}` };
};

const revoke: Maker = (world, draw) => {
  const one = draw.maybe(world.objects.filter(({ granted }) => granted));
  if (!one?.granted) return null;
  const role = draw.of(['PUBLIC', 'PUBLIC', 'CURRENT_USER', 'pg_monitor']);
  return { sql: `REVOKE ALL ON ${one.granted.on} FROM ${role}` };
};

/** On what an extension or the server brings. */
const GIVEN = [
  ...['FUNCTION pg_catalog.pg_sleep(double precision)', 'FUNCTION pg_catalog.lower(text)'],
  ...[
    'LANGUAGE plpgsql',
    'LANGUAGE sql',
    'SCHEMA public',
    'TABLE pg_catalog.pg_proc',
    'TYPE pg_catalog.int4',
  ],
];
const OF_EXTENSIONS: Record<string, string> = {
  pgcrypto: 'FUNCTION gen_random_bytes(integer)',
  'uuid-ossp': 'FUNCTION uuid_generate_v4()',
  pg_trgm: 'FUNCTION similarity(text, text)',
  unaccent: 'FUNCTION unaccent(text)',
  hstore: 'TYPE hstore',
};

const grantOnGiven: Maker = (world, draw) => {
  const extension = draw.maybe(world.extensions.filter((name) => OF_EXTENSIONS[name]));
  const on =
    extension !== undefined && draw.once(2) ? (OF_EXTENSIONS[extension] ?? '') : draw.of(GIVEN);
  const right = on.startsWith('FUNCTION') ? 'EXECUTE' : on.startsWith('TABLE') ? 'SELECT' : 'USAGE';
  return {
    sql: draw.once(2)
      ? `REVOKE ${right} ON ${on} FROM PUBLIC`
      : `GRANT ${right} ON ${on} TO ${draw.of(['pg_monitor', 'pg_signal_backend'])}`,
  };
};

const defaultPrivileges: Maker = (world, draw) => {
  const place = draw.once(2) ? ` IN SCHEMA ${draw.of(world.schemas)}` : '';
  const by = draw.once(5) ? ' FOR ROLE pg_monitor' : '';
  const [rights, on] = draw.of([
    ['SELECT', 'TABLES'],
    ['INSERT, UPDATE', 'TABLES'],
    ['USAGE', 'SEQUENCES'],
    ['EXECUTE', 'FUNCTIONS'],
    ['USAGE', 'TYPES'],
    ['USAGE', 'SCHEMAS'],
  ] as const);
  const act = draw.once(3)
    ? `REVOKE ${rights} ON ${on} FROM PUBLIC`
    : `GRANT ${rights} ON ${on} TO ${draw.of(ROLES)}`;
  return { sql: `ALTER DEFAULT PRIVILEGES${by}${on === 'SCHEMAS' ? '' : place} ${act}` };
};

const policy: Maker = (world, draw) => {
  const [one, other] = [draw.maybe(world.tables()), draw.maybe(world.relations)];
  const column = one && draw.maybe(one.columns);
  if (!one || !column || !other) return null;
  const name = draw.name();
  const using = draw.of([
    condition(world, draw, column),
    `EXISTS (SELECT FROM ${other.name})`,
    `${column.name}::text = current_user`,
  ]);
  const command = draw.of(['ALL', 'SELECT', 'UPDATE', 'DELETE']);
  const kind = draw.once(4) ? 'AS RESTRICTIVE ' : '';
  const check =
    command === 'ALL' && draw.once(2) ? ` WITH CHECK (${condition(world, draw, column)})` : '';
  return {
    sql: `CREATE POLICY ${name} ON ${one.name} ${kind}FOR ${command} TO ${draw.of(ROLES)} USING (${using})${check}`,
    then: () => world.objects.push({ target: `POLICY ${name} ON ${one.name}` }),
  };
};

const publication: Maker = (world, draw) => {
  const [name, one] = [draw.name(), draw.maybe(world.tables())];
  if (!one) return null;
  const what = draw.of([
    `FOR TABLE ${one.name}`,
    'FOR ALL TABLES',
    '',
    `FOR TABLE ${one.name} WITH (publish = 'insert')`,
  ]);
  return {
    sql: `CREATE PUBLICATION ${name} ${what}`,
    then: () => world.objects.push({ target: `PUBLICATION ${name}` }),
  };
};

export const RIGHTS_MAKERS = {
  grant,
  revoke,
  grantOnGiven,
  defaultPrivileges,
  policy,
  publication,
};
