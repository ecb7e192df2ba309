import * as fc from 'fast-check';
import { WRITERS } from './calls.js';
import { Hand, type Pick, type Tables } from './hand.js';

/*
 * Makes up db-migrate migrations: calls of its driver that mostly fit one another, and now and then
 * do not, to be written down as a file in one of the styles that db-migrate knows.
 */

/** One call of the driver, as it stands in a generated file. */
export interface DriverCall {
  method: string;
  args: unknown[];
  /** Whether the original answers through a callback alone, or never calls one back. */
  answers: 'both' | 'callback' | 'promise';
  /** Whether knexward refuses it outright where db-migrate sends SQL that is none. */
  refused: boolean;
}

/** A generated migration. */
export interface GeneratedMigration {
  style: Style;
  /** Made first, and waited for in every style. */
  tables: DriverCall[];
  calls: DriverCall[];
}

const STYLES = ['promises', 'await', 'callbacks', 'all at once'] as const;
/** How a migration says that it is done. */
export type Style = (typeof STYLES)[number];

/** Numbers that decide; what they decide among depends on what came before. */
interface Step {
  method: string;
  choices: number[];
}

const WEIGHTS: Record<string, number> = {
  createTable: 18,
  addColumn: 18,
  changeColumn: 18,
  insert: 24,
  runSql: 18,
  addIndex: 15,
  addForeignKey: 12,
  renameColumn: 9,
  removeColumn: 9,
  all: 6,
  removeForeignKey: 6,
  removeIndex: 6,
  renameTable: 6,
  dropTable: 6,
  switchDatabase: 3,
  createDatabase: 1,
  dropDatabase: 1,
};

/** No default, and a foreign key to no column: the one leaves db-migrate to the server, the other late. */
const REFUSED = /"defaultValue":\{\}|"foreignKey":\{(?![^{}]*"mapping")/;

const choices = fc.array(fc.nat(9999), { minLength: 30, maxLength: 30 });
const step: fc.Arbitrary<Step> = fc.record({
  method: fc.oneof(
    ...Object.entries(WEIGHTS).map(([method, weight]) => ({
      weight,
      arbitrary: fc.constant(method),
    })),
  ),
  choices,
});
const firstTable: fc.Arbitrary<Step> = fc.record({ method: fc.constant('createTable'), choices });

/** Migrations of up to nine calls, which begin with one or two tables. */
export const generatedMigration: fc.Arbitrary<GeneratedMigration> = fc
  .record({
    style: fc.constantFrom(...STYLES),
    tables: fc.array(firstTable, { minLength: 1, maxLength: 2 }),
    steps: fc.array(step, { maxLength: 7 }),
  })
  .map(({ style, tables, steps }) => {
    const known: Tables = new Map();
    const written = (all: Step[]) => all.map((next) => callOf(next, known));
    return { style, tables: written(tables), calls: written(steps) };
  });

function callOf({ method, choices: given }: Step, tables: Tables): DriverCall {
  let used = 0;
  // A step that runs out of numbers goes on from the first.
  const next = () => given[used++ % given.length] ?? 0;
  const pick: Pick = <Item>(from: readonly Item[]) => from[next() % from.length] as Item;
  const write = WRITERS[method];
  if (!write) throw new Error(`No writer for ${method}.`);
  const call = write(new Hand(pick, tables));
  const refused = REFUSED.test(JSON.stringify(call.args));
  return { method, answers: 'both', refused, ...call };
}
