import { type ResolvedConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type Migration } from '../files/find.js';
import { type RunListener } from '../run/events.js';
import { type MigrationFailure } from '../failure/failure.js';
import { run } from '../run/run.js';
import { type ShadowSchemas } from '../throwaway/schemas.js';
import { openShadow, type Shadow } from '../throwaway/shadow.js';
import { fixForExisting, throwIfStopped } from './stopped.js';

/** What a replay may be told. */
export interface ReplayOptions {
  listener?: RunListener | undefined;
  signal?: AbortSignal | undefined;
  /** Told where the migrations are replayed, before they are. */
  onReplay?: ((where: string, count: number) => void) | undefined;
}

/**
 * Opens a shadow in which these migrations are applied, in the order that is given.
 *
 * The schemas that the knexfile names are there before the first of them; where a migration is what
 * makes one, it is tried again with none but the history's.
 *
 * @throws KnexwardError `REPLAY_FAILED` where one fails, `SERVER_WIDE_CHANGE`, `NO_SHADOW`, `INTERRUPTED`
 */
export async function openReplayed(
  config: ResolvedConfig,
  migrations: readonly Migration[],
  { present, ofHistory }: ShadowSchemas,
  options: ReplayOptions,
): Promise<Shadow> {
  try {
    return await openWith(config, migrations, present, options);
  } catch (error) {
    if (!isDuplicateSchema(error) || present.length < 2) throw error;
    return openWith(config, migrations, [ofHistory], { ...options, onReplay: undefined });
  }
}

async function openWith(
  config: ResolvedConfig,
  migrations: readonly Migration[],
  schemas: readonly string[],
  options: ReplayOptions,
): Promise<Shadow> {
  const shadow = await openShadow(config, schemas);
  try {
    options.onReplay?.(shadow.description, migrations.length);
    await replay(shadow, migrations, options);
    return shadow;
  } catch (error) {
    await shadow.close();
    throw error;
  }
}

function isDuplicateSchema(error: unknown): boolean {
  const cause = error instanceof KnexwardError ? error.cause : null;
  return (cause as Partial<MigrationFailure> | null)?.sqlstate === '42P06';
}

/**
 * Applies migrations to a shadow, in the order that is given.
 *
 * @throws KnexwardError `REPLAY_FAILED` where one fails, `SERVER_WIDE_CHANGE`, `INTERRUPTED`
 */
export async function replay(
  shadow: Shadow,
  migrations: readonly Migration[],
  { listener, signal }: ReplayOptions,
): Promise<void> {
  const { failed } = await run(shadow.config, {
    direction: 'up',
    extent: { only: migrations.map(({ name }) => name) },
    files: migrations,
    ...(listener && { listener }),
    signal,
  });
  if (!failed) return;
  throwIfStopped(failed);
  const place =
    failed.file === null ? '' : ` (${failed.file}${failed.line ? `:${failed.line}` : ''})`;
  throw new KnexwardError('REPLAY_FAILED', {
    message: `${failed.name} is applied, and cannot be replayed on ${shadow.description}: ${failed.message}${place}.`,
    fix:
      (shadow.config.confinement && fixForExisting(failed)) ??
      failed.fix ??
      'See what it needs that the migrations before it do not make: an extension, a role, data.',
    cause: failed,
  });
}
