import { Client } from 'pg';
import { takeSnapshot } from './effects.js';
import { netOf, truthOf } from './model.js';
import { type Scene } from './observe.js';
import { documentOf } from './recover.js';
import { type RunnerOutcome } from './runners.js';
import { canBeApplied, type Command, nameOf } from './schedule.js';

/** What a person is about to say of a migration with `resolve`, and what is to be done once that has ended. */
export interface Statement {
  name: string;
  verdict: 'applied' | 'reverted';
  /** @returns whether the database may have moved on meanwhile, so that nobody can be held to it */
  end(outcome: Pick<RunnerOutcome, 'stdout' | 'code'>): Promise<boolean>;
}

/** What a person who has looked at the database, or changed it by hand, would say at this moment. */
export async function statementOf(
  scene: Scene,
  command: Command,
  index: number,
): Promise<Statement | null> {
  if (command.kind === 'by hand') {
    return (
      (await changeByHand(scene, command.verdict, index).catch(() => null)) ??
      lookAt(scene, command.verdict === 'applied' ? 0 : scene.schedule.migrations.length - 1)
    );
  }
  return command.kind === 'resolve' ? lookAt(scene, command.migration) : null;
}

async function lookAt({ schedule, database }: Scene, index: number): Promise<Statement | null> {
  const planned = schedule.migrations[index];
  if (!planned) return null;
  const name = nameOf(planned, index);
  const { effects } = await database.ask((admin) => takeSnapshot(admin, database.schema));
  const { verdict } = truthOf(effects.filter((effect) => effect.name === name));
  const seen = effects.at(-1)?.id ?? 0;
  // Another runner may have changed it between the look and the statement.
  const end = (): Promise<boolean> =>
    database.ask((admin) => hasMovedOn(admin, { name, seen })).catch(() => true);
  return { name, verdict, end };
}

/** Whether there is more of a migration than a person has seen, from anybody but the client that asks. */
async function hasMovedOn(
  client: Client,
  { name, seen }: { name: string; seen: number },
): Promise<boolean> {
  const { rows } = await client.query(
    `select from explorer.effects
      where name = $1 and id > $2 and application <> current_setting('application_name')`,
    [name, seen],
  );
  return rows.length > 0;
}

/**
 * Makes the change in a transaction, which a careful person commits only once `resolve` has recorded it.
 *
 * @returns `null` where there is nothing to make or to take back
 */
async function changeByHand(
  { schedule, database, lane }: Scene,
  verdict: Statement['verdict'],
  index: number,
): Promise<Statement | null> {
  const { effects } = await database.ask((admin) => takeSnapshot(admin, database.schema));
  const found = schedule.migrations.map((planned, place) => {
    const own = effects.filter(({ name }) => name === nameOf(planned, place));
    return { planned, place, net: netOf(own), half: own.at(-1)?.part === 'begin' };
  });
  const up = verdict === 'applied';
  const target = up
    ? found.find(({ net }) => net === 0)
    : found.filter(({ net }) => net > 0).at(-1);
  if (!target || target.half || (up && !canBeApplied(target.planned))) return null;
  const name = nameOf(target.planned, target.place);
  const client = new Client({
    ...{ ...lane.server.address, database: database.name },
    application_name: `psql of runner ${index + 1}`,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`begin; select explorer.effect('${name}', '${up ? 'up' : 'down'}', part)
    from unnest(array['begin', 'end']) part`);
  const seen = effects.at(-1)?.id ?? 0;
  return { name, verdict, end: (outcome) => endByHand(client, { name, seen }, outcome) };
}

async function endByHand(
  client: Client,
  { name, seen }: { name: string; seen: number },
  outcome: Pick<RunnerOutcome, 'stdout' | 'code'>,
): Promise<boolean> {
  const said = documentOf<{ resolved?: { changed?: boolean } }>(outcome)?.resolved;
  const isTold = said ? said.changed === true : outcome.stdout.includes('Recorded as ');
  const recorded = outcome.code === 0 && isTold;
  try {
    await client.query(recorded ? 'commit' : 'rollback');
    return await hasMovedOn(client, { name, seen });
  } catch {
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
