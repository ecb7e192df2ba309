import {
  condition,
  type DrawnFunction,
  type Draw,
  type Made,
  type Maker,
  type World,
} from './world';
import { query } from './tables';

function made(world: World, sql: string, one: DrawnFunction): Made {
  return {
    sql,
    then: () => {
      world.functions.push(one);
      const signature = `${one.kind} ${one.name}(${one.arguments.join(', ')})`;
      world.objects.push({
        target: signature,
        granted: { on: signature.replace('AGGREGATE', 'FUNCTION'), rights: 'EXECUTE' },
      });
    },
  };
}

function settings(draw: Draw): string {
  return draw.of([
    '',
    '',
    'STRICT',
    'PARALLEL SAFE',
    'COST 7',
    'SECURITY DEFINER',
    "SET search_path = 'public'",
    'LEAKPROOF',
    "SET work_mem TO '8MB'",
  ]);
}

/** A function of SQL or PL/pgSQL, with a constant, its argument or another function's value. */
const scalar: Maker = (world, draw) => {
  const name = draw.placed(world);
  const given = draw.type(world);
  const takes = draw.once(3) ? [] : [given.name];
  const inner = draw.maybe(
    world.functions.filter((each) => each.immutable && each.arguments.join() === takes.join()),
  );
  const isCalled = inner !== undefined && draw.once(2);
  // Without its schema it is found by the session's search path only.
  const called = inner && draw.once(3) ? inner.name.replace(/^public\./, '') : inner?.name;
  const returns = isCalled ? inner.returns : draw.once(2) ? given.name : draw.type(world).name;
  const value = isCalled
    ? `${called}(${takes.length > 0 ? '$1' : ''})`
    : takes[0] === returns
      ? '$1'
      : world.valueOf(returns);
  const isImmutable = !draw.once(4);
  const volatility = isImmutable ? 'IMMUTABLE' : draw.of(['STABLE', 'VOLATILE']);
  const head = `CREATE FUNCTION ${name}(${takes.map((type) => (draw.once(2) ? `${draw.name()} ${type}` : type)).join(', ')}) RETURNS ${returns}`;
  const sql = draw.of([
    `${head} LANGUAGE sql ${volatility} ${settings(draw)} AS $$SELECT ${value}$$`,
    `${head} LANGUAGE plpgsql ${volatility} ${settings(draw)} AS $$BEGIN RETURN ${value}; END$$`,
    `${head} LANGUAGE sql ${volatility} RETURN ${value}`,
    `${head} LANGUAGE sql ${volatility} BEGIN ATOMIC SELECT ${value} AS value; END`,
  ]);
  return made(world, sql, {
    kind: 'FUNCTION',
    name,
    arguments: takes,
    returns,
    ...(isImmutable && { immutable: true }),
  });
};

/** The search path decides what `unaccent` is. */
const unqualified: Maker = (world, draw) => {
  const name = draw.placed(world);
  const inner = draw.of([
    "unaccent('unaccent', $1)",
    'lower($1)',
    'md5($1)',
    "regexp_replace($1, '\\W', '', 'g')",
    'similarity($1, $1)::text',
  ]);
  const sql = `CREATE FUNCTION ${name}(text) RETURNS text LANGUAGE sql IMMUTABLE ${draw.of(['', 'STRICT', 'PARALLEL SAFE'])} AS $$SELECT ${inner}$$`;
  return made(world, sql, {
    kind: 'FUNCTION',
    name,
    arguments: ['text'],
    returns: 'text',
    immutable: true,
  });
};

/** A function that reads relations, or takes or gives rows of them. */
const reader: Maker = (world, draw) => {
  const [name, one, selected] = [
    draw.placed(world),
    draw.maybe(world.relations),
    query(world, draw),
  ];
  if (!one || !selected) return null;
  const immutable = draw.once(2) ? { immutable: true as const } : {};
  const volatility = immutable.immutable ? 'IMMUTABLE' : 'STABLE';
  const forms: [sql: string, takes: string[], returns: string][] = [
    [
      `() RETURNS bigint LANGUAGE sql ${volatility} AS $$SELECT count(*) FROM ${one.name}$$`,
      [],
      'bigint',
    ],
    [
      `() RETURNS bigint LANGUAGE sql ${volatility} BEGIN ATOMIC SELECT count(*) FROM ${one.name}; END`,
      [],
      'bigint',
    ],
    [`() RETURNS SETOF ${one.name} LANGUAGE sql STABLE AS $$SELECT * FROM ${one.name}$$`, [], ''],
    [
      `(${one.name}) RETURNS integer LANGUAGE sql ${volatility} AS $$SELECT 1$$`,
      [one.name],
      'integer',
    ],
    [`(${one.name}) RETURNS integer LANGUAGE sql ${volatility} RETURN 1`, [one.name], 'integer'],
    [
      `() RETURNS boolean LANGUAGE plpgsql STABLE AS $$BEGIN RETURN EXISTS (${selected.sql}); END$$`,
      [],
      'boolean',
    ],
  ];
  const [sql, takes, returns] = draw.of(forms);
  const isTable = returns === '';
  const one2: DrawnFunction = {
    kind: isTable ? 'PROCEDURE' : 'FUNCTION',
    name,
    arguments: takes,
    returns,
    ...immutable,
  };
  return made(
    world,
    `CREATE FUNCTION ${name}${sql}`,
    isTable ? { ...one2, kind: 'FUNCTION', arguments: [], returns: 'SETOF' } : one2,
  );
};

/** Another body for a function that is there: what it needs may be younger than it. */
const replacedFunction: Maker = (world, draw) => {
  const one = draw.maybe(
    world.functions.filter(({ kind, returns }) => kind === 'FUNCTION' && returns !== 'SETOF'),
  );
  const from = draw.maybe(world.relations);
  if (!one || !from) return null;
  const head = `CREATE OR REPLACE FUNCTION ${one.name}(${one.arguments.join(', ')}) RETURNS ${one.returns} LANGUAGE sql ${one.immutable ? 'IMMUTABLE' : 'STABLE'}`;
  const value = `SELECT NULL::${one.returns} FROM ${from.name}`;
  return { sql: draw.once(2) ? `${head} BEGIN ATOMIC ${value}; END` : `${head} AS $$${value}$$` };
};

const defaultArguments: Maker = (world, draw) => {
  const name = draw.placed(world);
  const inner = draw.maybe(
    world.functions.filter(
      (each) => each.kind === 'FUNCTION' && each.arguments.length === 0 && each.returns !== 'SETOF',
    ),
  );
  if (!inner) return null;
  const sql = `CREATE FUNCTION ${name}(a ${inner.returns} DEFAULT ${inner.name}(), VARIADIC b integer[] DEFAULT '{}', OUT c text, OUT d integer) LANGUAGE sql AS $$SELECT 'x', 1$$`;
  return made(world, sql, {
    kind: 'FUNCTION',
    name,
    arguments: [inner.returns, 'integer[]'],
    returns: 'SETOF',
  });
};

const procedure: Maker = (world, draw) => {
  const name = draw.placed(world);
  const one = draw.maybe(world.tables());
  const body = one ? `DELETE FROM ${one.name}` : 'SELECT 1';
  const type = draw.type(world).name;
  return made(
    world,
    `CREATE PROCEDURE ${name}(${type}) LANGUAGE sql ${draw.once(2) ? `BEGIN ATOMIC ${body}; END` : `AS $$${body}$$`}`,
    {
      ...{ kind: 'PROCEDURE', name, arguments: [type], returns: 'SETOF' },
    },
  );
};

const aggregate: Maker = (world, draw) => {
  const name = draw.placed(world);
  const step = draw.placed(world);
  const type = draw.type(world).name;
  const sql = `CREATE FUNCTION ${step}(${type}, ${type}) RETURNS ${type} LANGUAGE sql IMMUTABLE AS $$SELECT $2$$;
    CREATE AGGREGATE ${name}(${type}) (SFUNC = ${step}, STYPE = ${type})`;
  return made(world, sql, { kind: 'AGGREGATE', name, arguments: [type], returns: 'SETOF' });
};

const triggerFunction: Maker = (world, draw) => {
  const name = draw.placed(world);
  return {
    sql: `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$`,
    then: () => {
      world.triggerFunctions.push(name);
      world.objects.push({
        target: `FUNCTION ${name}()`,
        granted: { on: `FUNCTION ${name}()`, rights: 'EXECUTE' },
      });
    },
  };
};

const trigger: Maker = (world, draw) => {
  const [called, one] = [draw.maybe(world.triggerFunctions), draw.maybe(world.relations)];
  if (!called || !one || one.kind === 'MATERIALIZED VIEW') return null;
  const name = draw.name();
  const column = draw.maybe(one.columns);
  const when =
    column && draw.once(2)
      ? ` WHEN (${condition(world, draw, { ...column, name: `NEW.${column.name}` })})`
      : '';
  const on = `ON ${one.name}`;
  const run = `EXECUTE FUNCTION ${called}(${draw.once(3) ? "'it''s', '2'" : ''})`;
  const sql =
    one.kind === 'VIEW'
      ? `CREATE TRIGGER ${name} INSTEAD OF INSERT ${on} FOR EACH ROW ${run}`
      : draw.of([
          `CREATE TRIGGER ${name} AFTER INSERT OR UPDATE ${on} FOR EACH ROW${when} ${run}`,
          `CREATE TRIGGER ${name} BEFORE UPDATE OF ${column?.name} ${on} FOR EACH ROW${when} ${run}`,
          `CREATE TRIGGER ${name} AFTER TRUNCATE ${on} FOR EACH STATEMENT ${run}`,
          `CREATE TRIGGER ${name} AFTER UPDATE ${on} REFERENCING NEW TABLE AS n OLD TABLE AS o FOR EACH STATEMENT ${run}`,
          `CREATE CONSTRAINT TRIGGER ${name} AFTER INSERT ${on} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW${when} ${run}`,
        ]);
  const fires = draw.of(['', '', '', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA']);
  return {
    sql:
      fires === '' || one.kind === 'VIEW'
        ? sql
        : `${sql}; ALTER TABLE ${one.name} ${fires} TRIGGER ${name}`,
    then: () => world.objects.push({ target: `TRIGGER ${name} ON ${one.name}` }),
  };
};

const rule: Maker = (world, draw) => {
  const one = draw.maybe(world.relations.filter(({ kind }) => kind !== 'MATERIALIZED VIEW'));
  const other = draw.maybe(world.tables());
  if (!one || !other) return null;
  const name = draw.name();
  const action = draw.of([
    'NOTHING',
    `DELETE FROM ${other.name}`,
    `(DELETE FROM ${other.name}; SELECT 1)`,
  ]);
  return {
    sql: `CREATE RULE ${name} AS ON ${draw.of(['UPDATE', 'DELETE'])} TO ${one.name} DO ${draw.of(['ALSO', 'INSTEAD'])} ${action}`,
    then: () => world.objects.push({ target: `RULE ${name} ON ${one.name}` }),
  };
};

const eventTrigger: Maker = (world, draw) => {
  const [name, called] = [draw.name(), draw.placed(world)];
  return {
    sql: `CREATE FUNCTION ${called}() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
      CREATE EVENT TRIGGER ${name} ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION ${called}()`,
    then: () => world.objects.push({ target: `EVENT TRIGGER ${name}` }),
  };
};

export const PROGRAM_MAKERS = {
  ...{ scalar, unqualified, reader, replacedFunction, defaultArguments, procedure, aggregate },
  ...{ triggerFunction, trigger, rule, eventTrigger },
};
