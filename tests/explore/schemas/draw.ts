import fc from 'fast-check';
import { type Client } from 'pg';
import { PIECE_MAKERS } from './pieces';
import { PROGRAM_MAKERS } from './programs';
import { RIGHTS_MAKERS } from './rights';
import { TABLE_MAKERS } from './tables';
import { TYPE_MAKERS } from './types';
import { Draw, type Maker, type World } from './world';

const MAKERS = {
  ...TYPE_MAKERS,
  ...TABLE_MAKERS,
  ...PIECE_MAKERS,
  ...PROGRAM_MAKERS,
  ...RIGHTS_MAKERS,
};

export type StepKind = keyof typeof MAKERS;

/** One statement that is to be made of what is there by then. */
export interface Step {
  kind: StepKind;
  /** What its choices are drawn from. */
  seed: number;
  /** In both databases, or in one of them: the other is to be made of it. */
  in: 'both' | 'before' | 'after';
}

/** What others are made of is drawn more often. */
const WEIGHTS: Partial<Record<StepKind, number>> = {
  ...{ table: 7, scalar: 5, view: 4, index: 4, altered: 6, domain: 3, comment: 3, reader: 3 },
  ...{ materialized: 3, grant: 3, replacedView: 2, trigger: 2, triggerFunction: 2, composite: 2 },
  ...{ extension: 2, unqualified: 2, generated: 2, check: 2, foreignKey: 2, row: 4, revoke: 2 },
};

const kind = fc.oneof(
  ...(Object.keys(MAKERS) as StepKind[]).map((name) => ({
    weight: WEIGHTS[name] ?? 1,
    arbitrary: fc.constant(name),
  })),
);

/** The steps that make two databases that are alike for the most part. */
export const schema: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind,
    seed: fc.nat({ max: 2 ** 31 - 1 }),
    in: fc.oneof(
      { weight: 8, arbitrary: fc.constant('both' as const) },
      { weight: 1, arbitrary: fc.constant('before' as const) },
      { weight: 1, arbitrary: fc.constant('after' as const) },
    ),
  }),
  { minLength: 40, maxLength: 140, size: 'max' },
);

/**
 * Takes steps, and leaves out what the server refuses. What they have made is noted in the world.
 *
 * @returns the statements that it took
 */
export async function take(
  client: Client,
  world: World,
  steps: readonly Step[],
): Promise<string[]> {
  const statements: string[] = [];
  for (const step of steps) {
    const maker: Maker = MAKERS[step.kind];
    const made = maker(world, new Draw(step.seed));
    if (made === null) continue;
    try {
      // Several statements in one message are one transaction.
      await client.query(made.sql);
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      continue;
    }
    statements.push(made.sql);
    made.then?.();
  }
  return statements;
}
