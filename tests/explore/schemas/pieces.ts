import { condition, type Maker } from './world';

const check: Maker = (world, draw) => {
  const one = draw.maybe(world.tables());
  const column = one && draw.maybe(one.columns);
  if (!one || !column) return null;
  const name = draw.name();
  const of =
    draw.once(4) && one
      ? draw.maybe(world.functions.filter((each) => each.arguments.join() === one.name))
      : undefined;
  const row = one.name.slice(one.name.lastIndexOf('.') + 1);
  const expression = of ? `${of.name}(${row}.*) IS NOT NULL` : condition(world, draw, column);
  const tail = draw.of(['', '', '', ' NOT VALID', ' NO INHERIT']);
  return {
    sql: `ALTER TABLE ${one.name} ADD CONSTRAINT ${name} CHECK (${expression})${tail}`,
    then: () =>
      world.objects.push({
        target: `CONSTRAINT ${name} ON ${one.name}`,
        drop: `ALTER TABLE ${one.name} DROP CONSTRAINT ${name}`,
      }),
  };
};

const key: Maker = (world, draw) => {
  const one = draw.maybe(world.tables());
  const column = one && draw.maybe(one.columns);
  if (!one || !column) return null;
  const name = draw.name();
  const both =
    one.partitionedBy !== undefined && one.partitionedBy !== column.name
      ? `, ${one.partitionedBy}`
      : '';
  const definition = draw.of([
    `UNIQUE (${column.name}${both})`,
    `UNIQUE (${column.name}${both}) DEFERRABLE INITIALLY DEFERRED`,
    `PRIMARY KEY (${column.name}${both})`,
    `EXCLUDE USING btree (${column.name} WITH =)`,
    `UNIQUE (${column.name}${both}) WITH (fillfactor=60)`,
  ]);
  return {
    sql: `ALTER TABLE ${one.name} ADD CONSTRAINT ${name} ${definition}`,
    then: () => {
      world.objects.push({
        target: `CONSTRAINT ${name} ON ${one.name}`,
        drop: `ALTER TABLE ${one.name} DROP CONSTRAINT ${name}`,
      });
      world.indexes.push({ name, table: one.name });
      if (definition.startsWith('PRIMARY')) one.key = column.name;
    },
  };
};

const foreignKey: Maker = (world, draw) => {
  const target = draw.maybe(world.tables().filter((each) => each.key !== undefined));
  const one = draw.maybe(world.tables());
  if (!one || !target) return null;
  const [name, column] = [draw.name(), draw.name()];
  const type = target.columns.find((each) => each.name === target.key)?.type ?? 'integer';
  const tail = draw.of([
    '',
    'ON DELETE CASCADE',
    'DEFERRABLE',
    'ON UPDATE SET NULL',
    'NOT VALID',
    'MATCH FULL',
  ]);
  return {
    sql: `ALTER TABLE ${one.name} ADD ${column} ${type}; ALTER TABLE ${one.name} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${target.name} ${tail}`,
    then: () => {
      one.columns.push({ name: column, type });
      world.objects.push({
        target: `CONSTRAINT ${name} ON ${one.name}`,
        drop: `ALTER TABLE ${one.name} DROP CONSTRAINT ${name}`,
      });
    },
  };
};

const index: Maker = (world, draw) => {
  const one = draw.maybe(world.relations.filter(({ kind }) => kind !== 'VIEW'));
  const column = one && draw.maybe(one.columns);
  if (!one || !column) return null;
  const name = draw.name();
  const called = draw.maybe(
    world.functions.filter((each) => each.immutable && each.arguments.join() === column.type),
  );
  const trigrams = world.extensions.includes('pg_trgm') && column.type === 'text' && draw.once(2);
  const what = called
    ? `(${called.name}(${column.name}))`
    : draw.of([
        column.name,
        `${column.name} DESC NULLS LAST`,
        `(${column.name} IS NULL)`,
        `${column.name}, (${column.name} IS NULL)`,
      ]);
  const where = draw.once(4) ? ` WHERE ${condition(world, draw, column)}` : '';
  const using = trigrams ? 'USING gin' : draw.of(['', '', 'USING hash']);
  const [operators, unique] = [trigrams ? ' gin_trgm_ops' : '', draw.once(5) ? 'UNIQUE ' : ''];
  return {
    sql: `CREATE ${unique}INDEX ${name} ON ${draw.once(8) ? 'ONLY ' : ''}${one.name} ${using} (${what}${operators})${where}`,
    then: () => {
      const place = one.name.slice(0, one.name.lastIndexOf('.'));
      world.indexes.push({ name, table: one.name });
      world.objects.push({ target: `INDEX ${place}.${name}` });
    },
  };
};

const useIndex: Maker = (world, draw) => {
  const one = draw.maybe(world.indexes);
  if (!one) return null;
  return {
    sql: draw.of([
      `ALTER TABLE ${one.table} CLUSTER ON ${one.name}`,
      `ALTER TABLE ${one.table} REPLICA IDENTITY USING INDEX ${one.name}`,
    ]),
  };
};

const statistics: Maker = (world, draw) => {
  const one = draw.maybe(world.tables());
  if (!one || one.columns.length < 2) return null;
  const name = draw.placed(world);
  const [a, b] = one.columns;
  return {
    sql: `CREATE STATISTICS ${name} ${draw.of(['', '(ndistinct)', '(dependencies, mcv)'])} ON ${a?.name}, ${b?.name} FROM ${one.name}`,
    then: () => world.objects.push({ target: `STATISTICS ${name}` }),
  };
};

/** Says something else of a column or a table that is there. */
const altered: Maker = (world, draw) => {
  const one = draw.maybe(world.tables());
  const column = one && draw.maybe(one.columns);
  if (!one || !column) return null;
  const [alter, to, type] = [`ALTER TABLE ${one.name}`, draw.name(), draw.type(world)];
  const called = draw.maybe(
    world.functions.filter((each) => each.returns === column.type && each.arguments.length === 0),
  );
  const changes: { sql: string; then?: () => void }[] = [
    {
      sql: `${alter} ALTER ${column.name} SET DEFAULT ${called ? `${called.name}()` : world.valueOf(column.type)}`,
    },
    { sql: `${alter} ALTER ${column.name} DROP DEFAULT` },
    { sql: `${alter} ALTER ${column.name} SET NOT NULL` },
    { sql: `${alter} ALTER ${column.name} DROP NOT NULL` },
    { sql: `${alter} ALTER ${column.name} SET STATISTICS 50` },
    { sql: `${alter} ALTER ${column.name} SET STORAGE EXTERNAL` },
    { sql: `${alter} SET (fillfactor = 80)` },
    { sql: `${alter} ENABLE ROW LEVEL SECURITY` },
    { sql: `${alter} FORCE ROW LEVEL SECURITY` },
    { sql: `${alter} REPLICA IDENTITY FULL` },
    { sql: `${alter} RENAME ${column.name} TO ${to}`, then: () => void (column.name = to) },
    {
      sql: `${alter} ADD ${to} ${type.name}`,
      then: () => void one.columns.push({ name: to, type: type.name }),
    },
    {
      sql: `${alter} ALTER ${column.name} TYPE text USING ${column.name}::text`,
      then: () => void Object.assign(column, { type: 'text', collated: false }),
    },
    {
      sql: `${alter} ALTER ${column.name} TYPE ${type.name} USING NULL`,
      then: () => void Object.assign(column, { type: type.name, collated: false }),
    },
    {
      sql: `${alter} RENAME TO ${to}`,
      then: () => void (one.name = `${one.name.slice(0, one.name.lastIndexOf('.'))}.${to}`),
    },
  ];
  return draw.of(changes);
};

const comment: Maker = (world, draw) => {
  const one = draw.maybe(world.objects);
  if (!one) return null;
  const text = draw.of(['plain', "it''s", 'two\nlines', '; -- no end', '\\ and $1', 'ünï']);
  return { sql: `COMMENT ON ${one.target} IS '${text}'` };
};

const dropped: Maker = (world, draw) => {
  const one = draw.maybe(world.objects);
  return one
    ? {
        sql: one.drop ?? `DROP ${one.target}`,
        then: () => void world.objects.splice(world.objects.indexOf(one), 1),
      }
    : null;
};

export const PIECE_MAKERS = {
  check,
  key,
  foreignKey,
  index,
  useIndex,
  statistics,
  altered,
  comment,
  dropped,
};
