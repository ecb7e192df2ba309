import Bluebird from 'bluebird';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DB_MIGRATE } from 'knexward/compat';
import { check } from './commands/check.js';
import { create } from './commands/create.js';
import { database } from './commands/database.js';
import { down } from './commands/down.js';
import { runCommand } from './commands/run.js';
import { seed } from './commands/seed.js';
import { sync } from './commands/sync.js';
import { undoSeed } from './commands/undo-seed.js';
import { up } from './commands/up.js';
import { FailedMigration } from './failure.js';
import { type Callback, type Internals, type OnComplete } from './internals.js';
import { log } from './log.js';
import { type Argv } from './options.js';

/** How far to go: a name, or a number of migrations. Or the callback, where there is nothing to say. */
type Specification = string | number | Callback | null | undefined;
/** A scope, or the callback. */
type Scope = string | Callback | null | undefined;

/** What `getInstance` hands out: db-migrate's own methods, on Knex. */
export class Instance {
  readonly dataType = DB_MIGRATE.dataType;
  readonly version = DB_MIGRATE.version;
  /** The environment in use: its name, and the settings of its connection. */
  readonly config: { getCurrent: () => { env: string; settings: Record<string, unknown> } };

  constructor(readonly internals: Internals) {
    const { name, connection, schema } = internals.environment;
    const settings = { driver: 'pg', ...connection, schema };
    this.config = { getCurrent: () => ({ env: name, settings }) };
  }

  /** Applies all that is pending, so many, or up to a name. */
  up(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    const { argv } = this.internals;
    if (typeof specification === 'string') argv.destination = specification;
    if (typeof specification === 'number') argv.count = specification;
    return this.start(up, scope, specification, scope, callback);
  }

  /** Reverts one, or so many. */
  down(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    if (typeof specification === 'number') this.internals.argv.count = specification;
    return this.start(down, scope, specification, scope, callback);
  }

  /** Tells what is pending. */
  check(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    if (typeof specification === 'number') this.internals.argv.count = specification;
    return this.start(check, scope, specification, scope, callback);
  }

  /** Goes up or down to a name. */
  sync(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    if (typeof specification === 'string') this.internals.argv.destination = specification;
    return this.start(sync, scope, scope, callback);
  }

  /** Reverts everything. */
  reset(scope?: Scope, callback?: Callback): Bluebird<unknown> {
    this.internals.argv.count = Number.MAX_VALUE;
    return this.start(down, scope, scope, callback);
  }

  /** Writes a new migration. */
  create(name: string, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    this.internals.argv._.push(name);
    return this.start(create, scope, scope, callback);
  }

  createDatabase(name: string, callback?: Callback): Bluebird<unknown> {
    return this.onDatabase('create', name, callback);
  }

  dropDatabase(name: string, callback?: Callback): Bluebird<unknown> {
    return this.onDatabase('drop', name, callback);
  }

  /** Runs seeds: the version controlled ones, or `static`. */
  seed(mode?: string | null, scope?: string | null, callback?: Callback): Bluebird<unknown> {
    this.internals.mode = mode || 'vc';
    return this.start(seed, scope, callback);
  }

  /** Reverts one version controlled seed, or so many. */
  undoSeed(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    if (typeof specification === 'number') this.internals.argv.count = specification;
    return this.start(undoSeed, scope, specification, scope, callback);
  }

  /** Reverts every version controlled seed. */
  resetSeed(specification?: Specification, scope?: Scope, callback?: Callback): Bluebird<unknown> {
    this.internals.argv.count = Number.MAX_VALUE;
    return this.start(undoSeed, scope, specification, scope, callback);
  }

  /** Runs the command that the process's command line names. */
  run(): Bluebird<unknown> {
    return Bluebird.try(() => runCommand(this.internals));
  }

  /** Lets the project's plugins add methods to this object, or use it. */
  registerAPIHook(callback?: Callback): Bluebird<unknown> {
    const { plugins } = this.internals;
    return Bluebird.try(async () => {
      for (const answer of plugins.call('init:api:addfunction:hook')) {
        const [name, added] = (await answer) as [string, unknown];
        Object.assign(this, { [name]: added });
      }
      for (const answer of plugins.call('init:api:accessapi:hook')) {
        const [use] = (await answer) as [((api: Instance) => unknown) | undefined];
        await use?.(this);
      }
    }).asCallback(callback);
  }

  /** Whether a module can be loaded from the project. */
  addGlobal(library: string): boolean {
    try {
      createRequire(join(this.internals.cwd, 'package.json'))(library);
      return true;
    } catch {
      return false;
    }
  }

  /** Makes further names of an option mean the first one. */
  addConfiguration(_description: string, names: string[], type: string): boolean {
    const { argv } = this.internals;
    const [name = '', ...aliases] = names;
    const given = aliases.find((alias) => argv[alias] !== undefined);
    if (given !== undefined) argv[name] ??= argv[given];
    return type === 'string' || type === 'boolean';
  }

  resetConfiguration(argv: Argv): void {
    this.internals.argv = argv;
  }

  setConfigParam<Value>(name: string, value: Value): Value {
    this.internals.argv[name] = value;
    return value;
  }

  setDefaultCallback(): void {
    this.internals.onComplete = null;
  }

  setCustomCallback(callback: OnComplete): void {
    this.internals.onComplete = callback;
  }

  /** Says nothing any more, or again. */
  silence(isSilent: boolean): boolean {
    return log.silence(isSilent);
  }

  /** Refuses: the command rewrote migrations of 2013 and 2014, which run as they are. */
  transition(): Bluebird<unknown> {
    this.internals.argv._ = ['transition'];
    return this.run();
  }

  private onDatabase(mode: string, name: string, callback?: Callback): Bluebird<unknown> {
    this.internals.argv._.push(name);
    this.internals.mode = mode;
    return this.start(database, undefined, callback);
  }

  /** Runs a command; the callback may stand in any of the places. */
  private start(
    command: (internals: Internals) => Promise<unknown>,
    scope: Scope,
    ...places: readonly (Specification | Callback)[]
  ): Bluebird<unknown> {
    if (typeof scope === 'string' && scope !== '') this.internals.migrationMode = scope;
    const callback = places.find((place): place is Callback => typeof place === 'function');
    return Bluebird.try(() => command(this.internals))
      .catch(FailedMigration, ({ original }) => Promise.reject(original as Error))
      .asCallback(callback);
  }
}
