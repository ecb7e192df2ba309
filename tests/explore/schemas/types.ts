import { condition, type Maker } from './world';

const schema: Maker = (world, draw) => {
  const name = draw.name();
  return {
    sql: `CREATE SCHEMA ${name}`,
    then: () => {
      world.schemas.push(name);
      world.objects.push({
        target: `SCHEMA ${name}`,
        granted: { on: `SCHEMA ${name}`, rights: draw.of(['USAGE', 'CREATE', 'ALL']) },
      });
    },
  };
};

const EXTENSIONS = [
  ...['citext', 'hstore', 'pg_trgm', 'unaccent', 'pgcrypto', 'uuid-ossp', 'ltree', 'btree_gist'],
  ...['intarray', 'fuzzystrmatch', 'cube', 'isn', 'lo', 'tablefunc', 'moddatetime'],
];

/** Types that an extension brings, with a value. */
const OF_EXTENSIONS: Record<string, [name: string, value: string]> = {
  citext: ['citext', "'Ab'"],
  hstore: ['hstore', "'a=>1'"],
  ltree: ['ltree', "'a.b'"],
  cube: ['cube', "'(1,2)'"],
};

const extension: Maker = (world, draw) => {
  const name = draw.of(EXTENSIONS);
  const place = draw.of(world.schemas);
  return {
    sql: `CREATE EXTENSION "${name}" SCHEMA ${place}`,
    then: () => {
      world.extensions.push(name);
      world.objects.push({ target: `EXTENSION "${name}"` });
      const [type, value] = OF_EXTENSIONS[name] ?? [];
      if (type === undefined) return;
      world.types.push({ name: `${place}.${type}`, value: `${value}::${place}.${type}` });
    },
  };
};

const enumType: Maker = (world, draw) => {
  const name = draw.placed(world);
  const labels = ['a', 'B', "it's", 'two words', 'ü'].slice(0, 1 + draw.number(5));
  return {
    sql: `CREATE TYPE ${name} AS ENUM (${labels.map((label) => `'${label.replace("'", "''")}'`).join(', ')})`,
    then: () => {
      world.types.push({ name, value: `'a'::${name}` });
      world.enums.push(name);
      world.objects.push({
        target: `TYPE ${name}`,
        granted: { on: `TYPE ${name}`, rights: 'USAGE' },
      });
    },
  };
};

const enumLabel: Maker = (world, draw) => {
  const name = draw.maybe(world.enums);
  if (!name) return null;
  return {
    sql: `ALTER TYPE ${name} ADD VALUE 'l${draw.number(9)}'${draw.once(2) ? " BEFORE 'a'" : ''}`,
  };
};

const domain: Maker = (world, draw) => {
  const name = draw.placed(world);
  const { name: type, value } = draw.type(world);
  const check = condition(world, draw, { name: 'VALUE', type });
  const clauses = [
    ...(draw.once(3) ? [`DEFAULT ${value}`] : []),
    ...(draw.once(8) ? ['NOT NULL'] : []),
    ...(draw.once(2) ? [`CONSTRAINT ${draw.name()} CHECK (${check})`] : []),
  ];
  return {
    sql: `CREATE DOMAIN ${name} AS ${type} ${clauses.join(' ')}`,
    then: () => {
      world.domains.push({ name, value: `NULL::${name}` });
      world.objects.push({
        target: `DOMAIN ${name}`,
        granted: { on: `TYPE ${name}`, rights: 'USAGE' },
      });
    },
  };
};

const domainCheck: Maker = (world, draw) => {
  const one = draw.maybe(world.domains);
  if (!one) return null;
  const called = draw.maybe(
    world.functions.filter((each) => each.arguments.length === 0 && each.returns === 'bigint'),
  );
  const check = called && draw.once(2) ? `${called.name}() IS NOT NULL` : 'VALUE IS NOT NULL';
  const constraint = draw.name();
  return {
    sql: `ALTER DOMAIN ${one.name} ADD CONSTRAINT ${constraint} CHECK (${check})${draw.once(3) ? ' NOT VALID' : ''}`,
    then: () =>
      world.objects.push({
        target: `CONSTRAINT ${constraint} ON DOMAIN ${one.name}`,
        drop: `ALTER DOMAIN ${one.name} DROP CONSTRAINT ${constraint}`,
      }),
  };
};

const composite: Maker = (world, draw) => {
  const name = draw.placed(world);
  const columns = Array.from({ length: 1 + draw.number(3) }, () => ({
    name: draw.name(),
    type: draw.type(world).name,
  }));
  const inside = columns.map((column) => {
    const collate = column.type === 'text' && draw.once(2) ? ' COLLATE "C"' : '';
    return `${column.name} ${column.type}${collate}`;
  });
  return {
    sql: `CREATE TYPE ${name} AS (${inside.join(', ')})`,
    then: () => {
      world.types.push({ name, value: `NULL::${name}` });
      world.composites.push({ name, columns });
      world.objects.push({
        target: `TYPE ${name}`,
        granted: { on: `TYPE ${name}`, rights: 'USAGE' },
      });
      world.objects.push({
        target: `COLUMN ${name}.${columns[0]?.name}`,
        drop: `ALTER TYPE ${name} DROP ATTRIBUTE ${columns[0]?.name}`,
      });
    },
  };
};

const range: Maker = (world, draw) => {
  const name = draw.placed(world);
  const subtype = draw.once(3)
    ? draw.type(world).name
    : draw.of(['integer', 'text', 'double precision', 'date']);
  const difference =
    subtype === 'double precision' && draw.once(2) ? ', SUBTYPE_DIFF = float8mi' : '';
  const collation = subtype === 'text' && draw.once(2) ? ', COLLATION = "C"' : '';
  return {
    sql: `CREATE TYPE ${name} AS RANGE (SUBTYPE = ${subtype}${difference}${collation})`,
    then: () => {
      world.types.push({ name, value: `'empty'::${name}` });
      world.objects.push({
        target: `TYPE ${name}`,
        granted: { on: `TYPE ${name}`, rights: 'USAGE' },
      });
    },
  };
};

const sequence: Maker = (world, draw) => {
  const name = draw.placed(world);
  const options = draw.of([
    '',
    'AS smallint',
    'INCREMENT -2',
    'START 7 CACHE 3',
    'MINVALUE -5 MAXVALUE 50 CYCLE',
    'AS integer START 3',
  ]);
  return {
    sql: `CREATE SEQUENCE ${name} ${options}`,
    then: () => {
      world.sequences.push(name);
      world.objects.push({
        target: `SEQUENCE ${name}`,
        granted: { on: `SEQUENCE ${name}`, rights: draw.of(['USAGE', 'SELECT', 'UPDATE, USAGE']) },
      });
    },
  };
};

const useSequence: Maker = (world, draw) => {
  const [name, table] = [draw.maybe(world.sequences), draw.maybe(world.tables())];
  if (!name || !table) return null;
  const column = draw.of(table.columns);
  const owned = `ALTER SEQUENCE ${name} OWNED BY ${table.name}.${column.name}`;
  return draw.once(2)
    ? {
        sql: `ALTER TABLE ${table.name} ALTER ${column.name} SET DEFAULT nextval('${name.replaceAll("'", "''")}')${draw.once(2) ? `; ${owned}` : ''}`,
      }
    : { sql: draw.once(2) ? owned : `SELECT nextval('${name.replaceAll("'", "''")}')` };
};

export const TYPE_MAKERS = {
  schema,
  extension,
  enumType,
  enumLabel,
  domain,
  domainCheck,
  composite,
  range,
  sequence,
  useSequence,
};
