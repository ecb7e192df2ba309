import { type Client } from 'pg';
import { type Data } from './data.js';
import { type ReplayedTable } from './replayed-rows.js';

/** What becomes of the columns whose values differ from replay to replay: `table.column` each. */
export interface Verdicts {
  /** Their default gives each database values of its own, as a replay would. */
  leftToDefault: string[];
  /** Nothing would: each database would get the values of one replay. A table's name: all of it. */
  frozen: string[];
}

/**
 * Decides about what differs. A default counts where it gives another value each time, of the same
 * sort; what other rows refer to stays as it is, with those that refer to it.
 *
 * @param client on the second replay's database, right after it
 * @param elapsedMs how long ago that replay began
 */
export async function judgeDefaults(
  client: Client,
  replayed: readonly ReplayedTable[],
  { foreignKeys, sequences }: Data,
  other: Data,
  elapsedMs: number,
): Promise<Verdicts> {
  const frozen = new Set<string>();
  const leftToDefault = new Set<string>();
  for (const { table, differing, countDiffers } of replayed) {
    if (countDiffers) frozen.add(table.name);
    for (const { column, values } of differing) {
      const own = values.flatMap(({ second }) => second);
      const gives = await givesThem(client, column, own, elapsedMs);
      (gives ? leftToDefault : frozen).add(`${table.name}.${column.name}`);
    }
  }
  // What a frozen column refers to has to stay what it is.
  for (let grown = true; grown;) {
    grown = false;
    for (const { from, fromColumns, to, toColumns } of foreignKeys) {
      for (const [index, column] of fromColumns.entries()) {
        const target = `${to}.${toColumns[index]}`;
        if (!frozen.has(`${from}.${column}`) || !leftToDefault.delete(target)) continue;
        frozen.add(target);
        grown = true;
      }
    }
  }
  const others = new Map(other.sequences.map((sequence) => [sequence.name, sequence]));
  for (const { name, value } of sequences) if (others.get(name)?.value !== value) frozen.add(name);
  return { leftToDefault: [...leftToDefault].sort(), frozen: [...frozen].sort() };
}

const MOMENT = /^(timestamp|date)/;

async function givesThem(
  client: Client,
  column: ReplayedTable['differing'][number]['column'],
  values: readonly string[],
  elapsedMs: number,
): Promise<boolean> {
  const { type, default: expression } = column;
  if (expression === null || /\bnextval\(/.test(expression) || values.includes('NULL'))
    return false;
  const give = async (): Promise<string> => {
    const { rows } = await client.query<{ value: string }>(
      `select format('%L', (${expression})::${type}) as value`,
    );
    return rows[0]?.value ?? 'NULL';
  };
  const given = await give();
  if (given === 'NULL' || given === (await give())) return false;
  if (type === 'uuid') return values.every((value) => value[15] === given[15]);
  if (!MOMENT.test(type)) return true;
  // A moment of the replay itself, and not one that was computed from it.
  const { rows } = await client.query<{ within: boolean }>(
    `select bool_and(v::${type} between (clock_timestamp() - interval '${Math.ceil(elapsedMs) + 1000} ms')::${type}
        and clock_timestamp()::${type}) as within from unnest(array[${values.join(', ')}]::text[]) v`,
  );
  return rows[0]?.within ?? false;
}
