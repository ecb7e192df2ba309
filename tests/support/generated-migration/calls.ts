import { PROFILES, WILD_DEFAULTS, WILD_LENGTHS } from './column-profiles.js';
import { COLUMNS, type Hand, RULES, type Spec, without } from './hand.js';
import { type DriverCall } from './migration.js';

/** A call without what is the same for most. */
export type Written = Partial<DriverCall> & { args: unknown[] };

/** Makes up the arguments of a call, for each method. */
export const WRITERS: Record<string, (hand: Hand) => Written> = {
  createTable: (hand) => {
    const { pick, tables } = hand;
    const name = hand.newTable();
    const columns: Record<string, string | Spec> = {};
    const key = { type: pick(['int', 'bigint', 'string']), primaryKey: true };
    columns['id'] = hand.rarely()
      ? 'int'
      : pick([{ ...key, type: 'int', autoIncrement: true }, key]);
    for (let count = pick([0, 1, 2, 3, 4]); count > 0; count--) {
      const column = pick(COLUMNS);
      columns[column] ??= hand.spec(name, column);
    }
    const second = pick(COLUMNS);
    const other = columns[second];
    if (hand.rarely() && typeof other === 'object') other['primaryKey'] = true;
    if (!tables.has(name)) {
      const specs = new Map(Object.entries(columns).map(asSpec));
      tables.set(name, { columns: specs, indexes: [], foreignKeys: [] });
    }
    return { args: [name, pick([columns, { columns, ifNotExists: pick([true, false]) }])] };
  },

  dropTable: (hand) => {
    const table = hand.table();
    hand.tables.delete(table);
    return { args: [table, ...hand.pick([[], [{ ifExists: true }]])] };
  },

  renameTable: (hand) => {
    const [table, renamed] = [hand.table(), hand.newTable()];
    const content = hand.tables.get(table);
    if (content && !hand.tables.has(renamed)) {
      hand.tables.delete(table);
      hand.tables.set(renamed, content);
    }
    return { args: [table, renamed] };
  },

  addColumn: (hand) => {
    const table = hand.table();
    const column = hand.newColumn(table);
    const spec = hand.spec(table, column);
    hand.tables.get(table)?.columns.set(...asSpec([column, spec]));
    return { args: [table, column, spec] };
  },

  removeColumn: (hand) => {
    const table = hand.table();
    const column = hand.column(table);
    hand.tables.get(table)?.columns.delete(column);
    const delayed = { columnStrategy: 'delay', passthrough: { column: hand.pick(COLUMNS) } };
    return hand.rarely()
      ? { args: [table, column, delayed], answers: 'promise' }
      : { args: [table, column] };
  },

  renameColumn: (hand) => {
    const table = hand.table();
    const [column, renamed] = [hand.column(table), hand.newColumn(table)];
    const columns = hand.tables.get(table)?.columns;
    const spec = columns?.get(column);
    if (columns && spec && !columns.has(renamed)) {
      columns.delete(column);
      columns.set(renamed, spec);
    }
    return { args: [table, column, renamed] };
  },

  changeColumn: (hand) => {
    const table = hand.table();
    const column = hand.column(table);
    const given = hand.tables.get(table)?.columns.get(column);
    const profile = PROFILES.find(({ type }) => type === given?.['type']) ?? hand.pick(PROFILES);
    const defaults = hand.rarely() ? WILD_DEFAULTS : profile.defaults;
    const defaultValue = hand.maybe(hand.pick([...defaults, null]));
    const change = without({
      notNull: hand.maybe(hand.pick([true, false])),
      unique: hand.rarely() ? hand.pick([true, false]) : undefined,
      type: hand.maybe(
        hand.rarely() ? hand.pick(PROFILES).type : hand.pick([profile.type, 'text']),
      ),
      length: hand.rarely() ? hand.pick([50, ...WILD_LENGTHS]) : undefined,
      using: hand.rarely()
        ? hand.pick(['USING NULL', `USING "${column}"::text::integer`])
        : undefined,
    });
    return {
      args: [table, column, { ...change, ...(defaultValue !== undefined && { defaultValue }) }],
      refused: typeof defaultValue === 'object' && defaultValue !== null,
    };
  },

  addIndex: (hand) => {
    const table = hand.table();
    const columns = [...new Set([hand.column(table), hand.column(table)])];
    const name = `${table}_${columns.join('_')}_index`;
    hand.tables.get(table)?.indexes.push(name);
    return {
      args: [
        table,
        name,
        hand.pick<unknown>([columns, columns[0]]),
        ...hand.pick([[], [true], [false]]),
      ],
    };
  },

  removeIndex: (hand) => {
    const table = hand.tableWith('indexes');
    if (table === undefined) return instead('addIndex', hand);
    const name = hand.oneOf(hand.tables.get(table)?.indexes, `${table}_id_index`);
    return { args: hand.pick([[name], [table, name]]) };
  },

  addForeignKey: (hand) => {
    const [table, referenced] = [hand.table(), hand.table()];
    const [, id] = hand.columns(referenced).find(([name]) => name === 'id') ?? [];
    const column = hand.columnLike(table, id?.['type']);
    const name = `${table}_${column}_fk`;
    hand.tables.get(table)?.foreignKeys.push(name);
    const mapping = hand.rarely()
      ? { [column]: 'id', [hand.column(table)]: hand.column(referenced) }
      : { [column]: 'id' };
    const rules = hand.pick<unknown[]>([[], [hand.pick(RULES)]]);
    return { args: [table, referenced, name, mapping, ...rules] };
  },

  removeForeignKey: (hand) => {
    const table = hand.tableWith('foreignKeys');
    if (table === undefined) return instead('addForeignKey', hand);
    return { args: [table, hand.oneOf(hand.tables.get(table)?.foreignKeys, `${table}_id_fk`)] };
  },

  insert: (hand) => {
    const table = hand.table();
    const columns = hand.columns(table).filter(([name]) => name === 'id' || !hand.rarely());
    const names = columns.map(([name]) => name);
    const values = columns.map(([, spec]) => hand.value(spec));
    if (values[0] === null && !hand.rarely()) values[0] = 1;
    if (hand.rarely()) values.pop();
    const fourth = hand.pick<unknown[]>([[], [null]]);
    return { args: [table, names, values, ...fourth], answers: 'promise' };
  },

  runSql: (hand) => {
    const table = hand.table();
    const column = hand.column(table);
    const value = hand.value(hand.tables.get(table)?.columns.get(column));
    const target = `"${table}" ("${column}")`;
    return {
      args: hand.pick<unknown[]>([
        [`INSERT INTO ${target} VALUES (?)`, [value]],
        [`UPDATE "${table}" SET "${column}" = ? WHERE "${column}" = ?`, [value, value]],
        [`INSERT INTO ${target} VALUES ($1)`, [value]],
        [`COMMENT ON TABLE "${table}" IS 'one'; CREATE VIEW v AS SELECT * FROM "${table}";`],
        [`CREATE TABLE IF NOT EXISTS answers AS SELECT '{"a": 1}'::jsonb ? 'a' AS has`],
        [
          `CREATE TABLE IF NOT EXISTS answers AS SELECT 'why${hand.rarely() ? '?' : ''}'::text AS has, ?::int AS n`,
          [1],
        ],
        [`SELECT 1 FROM "${table}" WHERE true${hand.rarely() ? ' AND' : ''}`, []],
      ]),
    };
  },

  all: (hand) => {
    const table = hand.table();
    return {
      args: hand.pick<unknown[]>([
        [`SELECT * FROM "${table}"`],
        [`DELETE FROM "${table}" WHERE $1::int = 1`, [hand.rarely() ? 'x' : hand.pick([1, 2])]],
        [`SELECT 1${hand.rarely() ? '?' : ''}`],
      ]),
    };
  },

  switchDatabase: (hand) => ({
    args: [hand.pick<unknown>(['public', { schema: 'public' }, { database: '"$user", public' }])],
    answers: 'callback',
  }),
  createDatabase: () => ({ args: ['another'], answers: 'callback' }),
  dropDatabase: (hand) => ({
    args: ['another', hand.pick([{ ifExists: true }, {}])],
    answers: 'callback',
  }),
};

/** Another call in the place of one that has nothing to work on. */
function instead(method: string, hand: Hand): Written {
  return { args: [], ...WRITERS[method]?.(hand), method };
}

function asSpec([name, spec]: [string, string | Spec]): [string, Spec] {
  return [name, typeof spec === 'string' ? { type: spec } : spec];
}
