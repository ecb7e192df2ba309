import { escapeIdentifier } from 'pg';

/** A type that columns can be of, with a value of it. */
export interface DrawnType {
  name: string;
  value: string;
}

export interface DrawnColumn {
  name: string;
  type: string;
  /** It has the collation "C". */
  collated?: boolean;
  /** Its value is computed, so nothing is set. */
  generated?: true;
}

/** A table, a view or a materialized view. */
export interface DrawnRelation {
  kind: 'TABLE' | 'VIEW' | 'MATERIALIZED VIEW';
  name: string;
  columns: DrawnColumn[];
  partitionedBy?: string;
  /** The column of its primary key. */
  key?: string;
}

export interface DrawnFunction {
  kind: 'FUNCTION' | 'PROCEDURE' | 'AGGREGATE';
  name: string;
  arguments: string[];
  returns: string;
  immutable?: true;
}

/** Something that can be commented on, granted on, or dropped. */
export interface DrawnObject {
  /** As COMMENT ON calls it, such as `TABLE app.rooms`. */
  target: string;
  /** What GRANT calls it, and what can be granted on it. */
  granted?: { on: string; rights: string };
  /** The statement that drops it, where it is not `DROP target`. */
  drop?: string;
}

const BASE_TYPES: readonly DrawnType[] = [
  { name: 'integer', value: '7' },
  { name: 'bigint', value: '70' },
  { name: 'text', value: "'it''s'::text" },
  { name: 'character varying(40)', value: "'short'::varchar" },
  { name: 'numeric(8,2)', value: '1.50' },
  { name: 'boolean', value: 'true' },
  { name: 'timestamp with time zone', value: "'2024-01-01 12:00+02'::timestamptz" },
  { name: 'date', value: "'2024-02-29'::date" },
  { name: 'uuid', value: "'00000000-0000-4000-8000-000000000000'::uuid" },
  { name: 'jsonb', value: `'{"a": [1, "b"]}'::jsonb` },
  { name: 'text[]', value: "'{a,b}'::text[]" },
  { name: 'interval', value: "'1 day 02:03'::interval" },
  { name: 'bytea', value: "'\\xdeadbeef'::bytea" },
  { name: 'double precision', value: '0.1' },
];

/** All that a drawn database holds so far. */
export class World {
  readonly schemas: string[] = ['public'];
  readonly types: DrawnType[] = [...BASE_TYPES];
  readonly domains: DrawnType[] = [];
  readonly enums: string[] = [];
  readonly composites: { name: string; columns: DrawnColumn[] }[] = [];
  readonly relations: DrawnRelation[] = [];
  readonly functions: DrawnFunction[] = [];
  readonly triggerFunctions: string[] = [];
  readonly sequences: string[] = [];
  readonly extensions: string[] = [];
  readonly indexes: { name: string; table: string }[] = [];
  readonly objects: DrawnObject[] = [];

  /** The same again, to go on from in another database. */
  copy(): World {
    return Object.assign(new World(), structuredClone({ ...this }));
  }

  tables(): DrawnRelation[] {
    return this.relations.filter(({ kind }) => kind === 'TABLE');
  }

  valueOf(type: string): string {
    const known = [...this.types, ...this.domains].find(({ name }) => name === type);
    return known?.value ?? `NULL::${type}`;
  }
}

/** A statement, and what is there when the server has taken it. */
export interface Made {
  sql: string;
  then?: () => void;
}

/** Makes the next statement of a kind; none where that needs something that is not there. */
export type Maker = (world: World, draw: Draw) => Made | null;

const WORDS = [
  ...['alpha', 'beta', 'zulu', 'mike', 'user', 'select', 'Title', 'with space', 'we"ird'],
  ...[
    'ünï',
    '$var',
    'a.b',
    "it's",
    'x(y)',
    'UPPER',
    '1st',
    'order',
    'a_very_long_name_that_goes_on',
  ],
];

/** Choices that depend on a seed only. */
export class Draw {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 to below `limit` (mulberry32). */
  number(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** Once in so many times. */
  once(times: number): boolean {
    return this.number(times) === 0;
  }

  /** One of a list, which is not to be empty. */
  of<T>(list: readonly T[]): T {
    return list[this.number(list.length)] as T;
  }

  maybe<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.of(list);
  }

  /** A new name, quoted where it has to be. */
  name(): string {
    const name = `${this.of(WORDS)}${this.once(3) ? '' : `_${this.number(100)}`}`;
    return /^[a-z_][a-z0-9_]*$/.test(name) && !['user', 'select', 'order'].includes(name)
      ? name
      : escapeIdentifier(name);
  }

  /** The same in a schema. */
  placed(world: World): string {
    return `${this.of(world.schemas)}.${this.name()}`;
  }

  /** A type for a column: once in a while an array, or the row of a table. */
  type(world: World): DrawnType {
    const own = [...world.types.slice(BASE_TYPES.length), ...world.domains];
    const type = own.length > 0 && this.once(2) ? this.of(own) : this.of(BASE_TYPES);
    if (this.once(12)) {
      const row = this.maybe(world.tables());
      if (row) return { name: row.name, value: `NULL::${row.name}` };
    }
    if (this.once(6) && !type.name.endsWith(']')) {
      return { name: `${type.name}[]`, value: `'{}'::${type.name}[]` };
    }
    return type;
  }
}

/** An expression that is true or false of a column. */
export function condition(world: World, draw: Draw, { name, type }: DrawnColumn): string {
  const called = draw.maybe(
    world.functions.filter((each) => each.immutable && each.arguments.join() === type),
  );
  if (called && draw.once(2)) return `${called.name}(${name}) IS NOT NULL`;
  if (/^(text|character)/.test(type) && !type.endsWith(']')) {
    return draw.of([
      `length(${name}) > 2`,
      `${name} IN ('a', 'b', 'c')`,
      `${name} ~ '^[a-z]+$' OR ${name} = ''`,
      `coalesce(${name}, 'x') <> 'no'`,
      `${name} LIKE 'a%' AND (${name} <> 'ab' OR ${name} > 'b')`,
    ]);
  }
  if (/^(integer|bigint|numeric|double)/.test(type) && !type.endsWith(']')) {
    return draw.of([
      `${name} > 0`,
      `${name} BETWEEN 0 AND 99 OR ${name} = -1`,
      `${name} IN (1, 2, 3)`,
    ]);
  }
  const others = [`${name} IS NOT NULL`];
  if (/^(date|time)/.test(type) && !type.endsWith(']')) others.push(`${name} > '2020-01-01'`);
  if (world.enums.includes(type)) others.push(`${name} = ANY (enum_range(NULL::${type}))`);
  return draw.of(others);
}
