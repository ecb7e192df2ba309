import { type Client, type QueryResult } from 'pg';
import { USER_SCHEMA } from '../schema/catalog/queries/row.js';
import { type Difference } from '../schema/compare.js';

/** Of what extensions and the server own, nothing is said. */
const own = (catalog: string): string => `not exists (
    select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = o.oid and d.deptype = 'e')`;

const owners = (catalog: string, schema: string, owner: string, which = 'true'): string => `
  select '${catalog}'::regclass as class, o.oid, ${owner} as owner
    from ${catalog} o join pg_namespace n on n.oid = ${schema}
   where ${USER_SCHEMA} and o.oid >= 16384 and ${which} and ${own(catalog)}`;

/**
 * What a catalog leaves out on purpose, and a baseline would lose: who owns what, where that is not
 * who migrates, and large objects.
 */
const FACTS = `
  select 'owner of ' || i.type as kind, i.identity as object, pg_get_userbyid(o.owner)::text as value
    from (${[
      owners('pg_class', 'o.relnamespace', 'o.relowner', "o.relkind in ('r', 'p', 'v', 'm', 'S')"),
      owners('pg_proc', 'o.pronamespace', 'o.proowner'),
      owners('pg_type', 'o.typnamespace', 'o.typowner', "o.typtype in ('e', 'd', 'r')"),
      owners('pg_namespace', 'o.oid', 'o.nspowner'),
    ].join(' union all ')}) o, pg_identify_object(o.class, o.oid, 0) i
   where pg_get_userbyid(o.owner) <> current_user
  union all
  select 'large objects', 'number', count(*)::text from pg_largeobject_metadata having count(*) > 0
  order by 1, 2`;

const TABLES_OF_EXTENSIONS = `
  select c.oid::regclass::text as name from pg_class c
    join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
   where c.relkind = 'r' order by 1`;

/** One thing that a database has beside what its catalog says. */
export interface Fact {
  kind: string;
  object: string;
  value: string;
}

/** Reads them. Reads only. */
export async function readFacts(client: Client): Promise<Fact[]> {
  const { rows } = await client.query<Fact>(FACTS);
  const tables = (await client.query<{ name: string }>(TABLES_OF_EXTENSIONS)).rows;
  if (tables.length === 0) return rows;
  const counts = await client.query(
    tables.map(({ name }) => `select count(*)::text as value from ${name}`).join('; '),
  );
  const results = [counts].flat() as QueryResult<{ value: string }>[];
  return [
    ...rows,
    ...tables.map(({ name }, index) => ({
      ...{ kind: "rows of an extension's table", object: name },
      value: results[index]?.rows[0]?.value ?? '',
    })),
  ];
}

/** The facts that are not the same in both. */
export function compareFacts(expected: readonly Fact[], actual: readonly Fact[]): Difference[] {
  const id = ({ kind, object }: Fact): string => `${kind} ${object}`;
  const found = new Map(actual.map((fact) => [id(fact), fact.value]));
  const wanted = new Map(expected.map((fact) => [id(fact), fact.value]));
  const all = new Map([...expected, ...actual].map((fact) => [id(fact), fact]));
  return [...all].flatMap(([key, { kind, object }]) => {
    const [one, other] = [wanted.get(key), found.get(key)];
    if (one === other) return [];
    const described = (value: string | undefined): { is: string } => ({ is: value ?? 'as usual' });
    return [{ kind, object, expected: described(one), actual: described(other) }];
  });
}
