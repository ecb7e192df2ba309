import { type Knex } from 'knex';
import { readdir } from 'node:fs/promises';
import { upOrDown } from '../../adopt/up-or-down.js';
import { KnexwardError } from '../../errors.js';
import { findMigrations, type Migration } from '../../files/find.js';
import { type HistoryRow } from '../../history/read.js';
import { pendingMigrations } from '../../plan/plan.js';
import { inScopeOfRun } from '../../plan/scope.js';
import { findHistory, type FoundHistory } from '../../history/find.js';
import { refuseInterrupted } from '../../transaction/interruption.js';
import { errorOf } from '../../failure/thrown.js';
import { currentVersion } from '../../maintain/current-version.js';
import { unlock } from '../../maintain/unlock.js';
import { harmless } from '../listener.js';
import { type BatchAndNames, type KnexMigrateOptions } from '../knex-migrate.js';
import { inKnexForm } from '../../files/knex-form.js';
import { type CallConfig, type MigrationsOption, resolveCall } from './configuration.js';

/** Files and history, as a call of `knex.migrate` begins with them. */
interface Listing extends FoundHistory {
  call: CallConfig;
  files: Migration[];
}

/** The methods of `knex.migrate`, after knex/lib/migrations/migrate/Migrator.js of Knex 3. */
export class AsKnex {
  constructor(
    private readonly knex: Knex,
    private readonly options: KnexMigrateOptions,
  ) {}

  async latest(given?: MigrationsOption): Promise<BatchAndNames> {
    const listing = await this.validListing(given);
    return this.run(listing, 'up', pendingOf(listing));
  }

  async up(given?: MigrationsOption): Promise<BatchAndNames> {
    const listing = await this.validListing(given);
    const { name } = listing.call.merged;
    const pending = pendingOf(listing);
    if (!name) return this.run(listing, 'up', pending.slice(0, 1));
    const wanted = pending.filter((migration) => migration.name === name);
    if (wanted.length === 0 && !isApplied(name, listing)) {
      throw new Error(`Migration "${name}" not found.`);
    }
    return this.run(listing, 'up', wanted);
  }

  async down(given?: MigrationsOption): Promise<BatchAndNames> {
    const listing = await this.validListing(given);
    const { name } = listing.call.merged;
    const applied = appliedOf(listing);
    if (!name) return this.run(listing, 'down', applied.slice(-1));
    const wanted = applied.filter((migration) => migration.name === name);
    if (wanted.length === 0) throw new Error(`Migration "${name}" was not run.`);
    return this.run(listing, 'down', wanted);
  }

  async rollback(given?: MigrationsOption, all = false): Promise<BatchAndNames> {
    const listing = await this.validListing(given);
    if (all) return this.run(listing, 'down', appliedOf(listing));
    const last = latestBatch(listing);
    const rows = ownRows(listing).filter(({ batch }) => batch === last);
    return this.run(listing, 'down', rows);
  }

  async to(given?: MigrationsOption): Promise<BatchAndNames> {
    const { listing, position } = await this.upTo('to', given);
    return this.run(listing, 'up', pendingOf(listing).filter(isUntil(listing, position + 1)));
  }

  async before(given?: MigrationsOption): Promise<BatchAndNames> {
    const { listing, position } = await this.upTo('before', given);
    // Knex looks no further then, not even for the batch.
    if (position === 0) return [0, []];
    return this.run(listing, 'up', pendingOf(listing).filter(isUntil(listing, position)));
  }

  async list(given?: MigrationsOption): Promise<[{ name: string }[], unknown[]]> {
    const listing = await this.validListing(given);
    const completed = listing.history.rows.map(({ name }) => ({ name }));
    const pending = pendingOf(listing).map((migration) => inKnexForm(migration, listing.config));
    return [completed, pending];
  }

  async status(given?: MigrationsOption): Promise<number> {
    const { history, files } = await this.listing(given);
    return history.rows.length - files.length;
  }

  async currentVersion(given?: MigrationsOption): Promise<string> {
    const { config } = await resolveCall(this.knex, this.options, given);
    return (await currentVersion(config)) ?? 'none';
  }

  /** Knex's own: it touches no database. Only the folder of our migration source is new to it. */
  async make(name: string, given?: MigrationsOption): Promise<string> {
    const { config, merged } = await resolveCall(this.knex, this.options, given);
    const foldersOfSource = merged.migrationSource && !config.migrations.source;
    return this.knex.migrate.make(name, {
      ...given,
      ...(foldersOfSource && { directory: config.migrations.directories }),
    });
  }

  async forceFreeMigrationsLock(given?: MigrationsOption): Promise<void> {
    const { config } = await resolveCall(this.knex, this.options, given);
    await unlock(config, () => Promise.resolve());
  }

  private async listing(given: MigrationsOption | undefined): Promise<Listing> {
    refuseInterrupted(this.options.signal);
    const call = await resolveCall(this.knex, this.options, given);
    if (!call.merged.migrationSource) await refuseMissingFolder(call);
    const { config, history } = await findHistory(call.config);
    return { call, config, history, files: await findMigrations(config).catch(asOfSource) };
  }

  private async upTo(
    method: 'to' | 'before',
    given: MigrationsOption | undefined,
  ): Promise<{ listing: Listing; position: number }> {
    const { merged } = await resolveCall(this.knex, this.options, given);
    const { name } = merged;
    if (!name) throw new Error(`A migration name must be specified when using migrate.${method}()`);
    const listing = await this.validListing(given);
    const position = listing.files.findIndex((migration) => migration.name === name);
    if (position === -1) throw new Error(`Migration "${name}" not found.`);
    return { listing, position };
  }

  /** @throws Error where applied migrations have no file, unless the configuration says otherwise. */
  private async validListing(given: MigrationsOption | undefined): Promise<Listing> {
    const listing = await this.listing(given);
    if (listing.call.merged.disableMigrationsListValidation) return listing;
    const known = new Set(listing.files.map(({ name }) => name));
    const missing = ownRows(listing).filter(({ name }) => !known.has(name));
    if (missing.length === 0) return listing;
    const names = missing.map(({ name }) => name).join(', ');
    throw new Error(
      `The migration directory is corrupt, the following files are missing: ${names}`,
    );
  }

  /**
   * Runs what was chosen. Under the lock it is planned again, with these names and no others: what
   * another runner has done meanwhile is left out, as in Knex.
   */
  private async run(
    { call, config, history }: Listing,
    direction: 'up' | 'down',
    chosen: readonly { name: string }[],
  ): Promise<BatchAndNames> {
    const { signal, listener } = this.options;
    const only = chosen.map(({ name }) => name);
    const result = await upOrDown(call.config, {
      ...{ direction, extent: { only }, listener: harmless(listener), signal },
    });
    if (result.failed) throw errorOf(result.failed);
    const names = result.done.map(({ name }) => name);
    if (direction === 'up' && result.batch !== null) return [result.batch, names];
    const others = direction === 'up' && only.length > 0;
    return [latestBatch(others ? await findHistory(config) : { history }), names];
  }
}

/** What a migration source throws is thrown as it is, as by Knex. */
function asOfSource(error: unknown): never {
  throw error instanceof KnexwardError && error.cause instanceof Error ? error.cause : error;
}

function pendingOf({ files, history }: Listing): Migration[] {
  return pendingMigrations(files, history);
}

/** Whether a migration is among so many of the first, in the order of the files. */
function isUntil({ files }: Listing, end: number): (migration: Migration) => boolean {
  const names = new Set(files.slice(0, end).map(({ name }) => name));
  return ({ name }) => names.has(name);
}

function appliedOf(listing: Listing): Migration[] {
  return listing.files.filter(({ name }) => isApplied(name, listing));
}

function isApplied(wanted: string, { history }: Listing): boolean {
  return history.rows.some(({ name }) => name === wanted);
}

/** The rows that these files are about: those of a scope are another history in the same table. */
function ownRows({ files, history }: Listing): HistoryRow[] {
  return inScopeOfRun(files, history.rows);
}

function latestBatch({ history }: Pick<Listing, 'history'>): number {
  return history.rows.reduce((highest, { batch }) => Math.max(highest, batch), 0);
}

/** Knex does not take a folder that is not there for an empty one. */
async function refuseMissingFolder({ config }: CallConfig): Promise<void> {
  for (const directory of config.migrations.directories) await readdir(directory);
}
