import { type ClientBase } from 'pg';

/** What a server has outside of its databases, by name: `role app`. */
export type ServerState = ReadonlyMap<string, string>;

/** Whether a transaction may have changed what all databases share. */
export interface Suspicion {
  suspicious: boolean;
  /** Whether it has touched roles. */
  roles: boolean;
  readsPasswords: boolean;
}

/**
 * The catalogs that all databases share, by the numbers that they have on every server: to look them up would
 * cost more than the question. `pg_shdepend` also changes with what is one database's.
 */
export const SHARED_CATALOGS = {
  ...{ pg_authid: 1260, pg_auth_members: 1261, pg_database: 1262, pg_db_role_setting: 2964 },
  ...{ pg_parameter_acl: 6243, pg_replication_origin: 6000, pg_shdescription: 2396 },
  ...{ pg_shseclabel: 3592, pg_subscription: 6100, pg_tablespace: 1213 },
};

/**
 * The rows of shared catalogs that this transaction has written. The server counts them for its
 * statistics; those of the transactions just before it may be among them.
 */
const written = (catalogs: readonly number[]): string => {
  const counted = catalogs.flatMap((oid) =>
    ['inserted', 'updated', 'deleted'].map(
      (how) => `pg_catalog.pg_stat_get_xact_tuples_${how}(${oid})`,
    ),
  );
  return `(${counted.join(' + ')})`;
};

const ALL = Object.values(SHARED_CATALOGS);

/** Whether a transaction is suspicious, asked within it. */
export const SUSPICION = `select ${written(ALL)} > 0 or current_setting('track_counts') <> 'on' as suspicious,
  ${written([SHARED_CATALOGS.pg_authid])} > 0 as roles,
  has_table_privilege('pg_catalog.pg_authid', 'select') as "readsPasswords"`;

const REFUSED = 'knexward: a transaction that is ended here has changed the server';

/** A statement that fails in a suspicious transaction, and ends it so that it cannot commit. */
export const REFUSE_SUSPICIOUS = `set constraints all immediate;
  select case when ${written(ALL)} = 0 and current_setting('track_counts') = 'on' then 'true' else '${REFUSED}' end::boolean`;

/** Whether an error comes from `REFUSE_SUSPICIOUS`. */
export function isRefusedSuspicious(error: unknown): boolean {
  return String((error as Error | undefined)?.message).includes(REFUSED);
}

const HERE = '(select oid from pg_database where datname = current_database())';
/** What is about the current database alone is confined to it. */
const NOT_ABOUT_HERE = `not (classoid = 'pg_catalog.pg_database'::regclass and objoid = ${HERE})`;
const DESCRIBED = `(select type || ' ' || identity from pg_identify_object(classoid, objoid, 0))`;

/** In each catalog, what its rows are called, and what they hold. Times would follow the session's zone. */
const QUERIES = [
  `select 'role ' || rolname as name, (to_jsonb(r) - '{rolconfig,rolvaliduntil}'::text[])::text
          || coalesce(extract(epoch from rolvaliduntil)::text, '') as state from pg_roles r`,
  `select 'membership of role ' || pg_get_userbyid(member) || ' in role ' || pg_get_userbyid(roleid),
          string_agg(to_jsonb(m)::text, ',' order by grantor)
     from pg_auth_members m group by member, roleid`,
  `select 'settings of ' || concat_ws(' in ',
            case when setrole <> 0 then 'role ' || pg_get_userbyid(setrole)
                 when setdatabase = 0 then 'all roles' end,
            (select 'database ' || datname from pg_database where oid = setdatabase)),
          setconfig::text from pg_db_role_setting where setdatabase <> ${HERE}`,
  `select 'database ' || datname, (to_jsonb(d) - '{datfrozenxid,datminmxid}'::text[])::text
     from pg_database d where datname <> current_database()`,
  `select 'tablespace ' || spcname, to_jsonb(t)::text from pg_tablespace t`,
  `select 'comment on ' || ${DESCRIBED}, description from pg_shdescription where ${NOT_ABOUT_HERE}`,
  `select 'security label of ' || ${DESCRIBED}, provider || ' ' || label from pg_shseclabel where ${NOT_ABOUT_HERE}`,
  `select 'replication origin ' || roname, '' from pg_replication_origin`,
  `select 'subscription ' || subname, subenabled::text from pg_subscription`,
];
const PASSWORDS = `select 'password of role ' || rolname, rolpassword from pg_authid where rolpassword is not null`;
/** PostgreSQL has it from 15 on. */
const PARAMETERS = `select 'privileges on parameter ' || parname, paracl::text from pg_parameter_acl`;
const HAS_PARAMETERS = `select to_regclass('pg_catalog.pg_parameter_acl') is not null as has`;

/** Reads it as the connection's transaction sees it, its own changes included. */
export async function readServerState(
  client: ClientBase,
  { passwords }: { passwords: boolean },
): Promise<ServerState> {
  const { rows: found } = await client.query<{ has: boolean }>(HAS_PARAMETERS);
  const parts = [
    ...QUERIES,
    ...(found[0]?.has ? [PARAMETERS] : []),
    ...(passwords ? [PASSWORDS] : []),
  ];
  const { rows } = await client.query<{ name: string; state: string | null }>(
    parts.join(' union all '),
  );
  return new Map(rows.map(({ name, state }) => [name, state ?? '']));
}

/**
 * What the state seen from within differs in from both looks at it from outside, before and after:
 * what others do meanwhile is in one of them.
 */
export function changedWithin(within: ServerState, outside: readonly ServerState[]): string[] {
  const names = new Set([within, ...outside].flatMap((state) => [...state.keys()]));
  return [...names].filter((name) =>
    outside.every((state) => state.get(name) !== within.get(name)),
  );
}
