import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Member, type Release } from './cut-over-orders.js';
import { type TestDatabase } from './database.js';
import { type LoadBalancer, type Target } from './load-balancer.js';
import { REPOSITORY } from './project.js';
import { waitFor } from './wait-for.js';

/** The late branch: one more migration in the old format, older than the newest of the new one. */
export const LATE_MIGRATION = '20261014160000-themes';

/** A lock that it takes on its way, so that a test can hold it up in the middle. */
export const LATE_LOCK = 20_261_014;

/** How often each ran is counted; a second run fails at nothing, so that only the count tells. */
const LATE_FILE = `
exports.up = (db) => db.runSql(
  "INSERT INTO late_runs (what) VALUES ('up'); SELECT pg_advisory_xact_lock(${LATE_LOCK});" +
  'CREATE TABLE IF NOT EXISTS themes (id int PRIMARY KEY, name varchar(40) NOT NULL)');
exports.down = (db) => db.runSql("INSERT INTO late_runs (what) VALUES ('down'); DROP TABLE IF EXISTS themes");
`;

/** How a program that ran to its end has ended. */
export interface Ended {
  code: number | null;
  output: string;
}

/** A folder with a release in it, as it is deployed. */
type Folders = Record<Release, Record<'plain' | 'late', string>>;

/** Instances of the old release (examples/legacy-polls) and of the new one (backend, as it is built). */
export class Fleet {
  readonly folders: Folders;
  /** What the servers wrote to stderr: whoever looks for a failed request's cause finds it there. */
  readonly complaints: string[] = [];
  private readonly running = new Map<string, { target: Target; child: ChildProcess }>();

  constructor(
    private readonly database: TestDatabase,
    private readonly balancer: LoadBalancer,
    folders: Folders,
  ) {
    this.folders = folders;
  }

  /** Starts an instance: its migrations, then the server, then it joins. Tells how migrating ended. */
  async start(member: Member): Promise<Ended> {
    const migrated = await this.migrate(member).ended;
    if (migrated.code === 0) await this.serve(member);
    return migrated;
  }

  /** What a release runs before it serves: real db-migrate, or knexward. */
  migrate(member: Member): { child: ChildProcess; ended: Promise<Ended> } {
    const cwd = this.folderOf(member);
    const args =
      member.release === 'old'
        ? ['node_modules/db-migrate/bin/db-migrate', 'up', '-e', 'test']
        : ['dist/scripts/migrate.js', 'up'];
    return this.run(args, cwd);
  }

  /** knexward's command line in the new release's folder. */
  knexward(late: boolean, ...args: string[]): Promise<Ended> {
    const cwd = this.folders.new[late ? 'late' : 'plain'];
    const knexfile = ['--knexfile', 'dist/src/config/knexfile.js'];
    return this.run([join(REPOSITORY, 'bin/knexward.js'), ...args, ...knexfile], cwd).ended;
  }

  /** Stops an instance: in order after it has left, or the hard way while it serves. */
  async stop(position: number, release: Release, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const name = `${release} ${position}`;
    const instance = this.running.get(name);
    if (!instance) throw new Error(`${name} does not run`);
    const { target, child } = instance;
    this.running.delete(name);
    if (signal === 'SIGTERM') await this.balancer.leave(target);
    else this.balancer.lose(target);
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  /** What a balancer's probe of each new instance says that is not "ready". */
  async unready(): Promise<string[]> {
    const news = [...this.running.values()].filter(({ target }) => target.name.startsWith('new'));
    let said: string[] = [];
    await waitFor(async () => {
      const answers = await Promise.all(
        news.map(async ({ target }) => {
          const response = await fetch(`http://127.0.0.1:${target.port}/readyz`);
          return response.ok ? [] : [`${target.name}: ${await response.text()}`];
        }),
      );
      said = answers.flat();
      // They give the database three seconds, which it may not have on a busy machine: asked again.
      return !said.some((answer) => answer.includes('"reason":"database"'));
    });
    return said;
  }

  /** Ends whatever is still up. */
  async stopAll(): Promise<void> {
    for (const { child } of this.running.values()) {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    this.running.clear();
  }

  private async serve(member: Member): Promise<void> {
    const { release, position } = member;
    const program = release === 'old' ? 'src/server.js' : 'dist/src/main.js';
    const child = spawn(process.execPath, [program], {
      cwd: this.folderOf(member),
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const port = await portOf(child);
    child.stderr.on('data', (text: string) => this.complaints.push(text));
    const name = `${release} ${position}`;
    if (this.running.has(name)) throw new Error(`${name} runs already`);
    const target = { name, port };
    this.running.set(name, { target, child });
    if (release === 'new') {
      const probe = () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ ok }) => ok);
      await waitFor(probe);
    }
    this.balancer.join(target);
  }

  private run(args: string[], cwd: string): { child: ChildProcess; ended: Promise<Ended> } {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, args, { cwd, env: this.environment(), stdio });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
    return { child, ended };
  }

  private folderOf({ release, late }: Member): string {
    return this.folders[release][late ? 'late' : 'plain'];
  }

  private environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    const { name, config } = this.database;
    return {
      ...{ PATH, HOME, TZ: 'UTC', NODE_ENV: 'test', PORT: '0', RATE_LIMIT: '10000000' },
      ...{ DB_HOST: String(config.host), DB_PORT: String(config.port), DB_NAME: name },
      ...{ DB_USER: String(config.user), DB_PASSWORD: String(config.password) },
    };
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      const [, old, ours] =
        /listening on port (\d+)|"port":(\d+).*"msg":"listening"/.exec(output) ?? [];
      if (old === undefined && ours === undefined) return;
      // From here on it is thrown away unread.
      child.stdout?.off('data', read).resume();
      child.stderr?.off('data', read).resume();
      resolve(Number(old ?? ours));
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('exit', () => reject(new Error(`The server did not start: ${output}`)));
  });
}

/** Lays out both releases, each with the late branch and without. */
export function layOutReleases(): { folders: Folders; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'knexward-fleet-'));
  const layOut = (release: Release, late: 'plain' | 'late'): string => {
    const folder = join(root, `${release}-${late}`);
    const from = join(REPOSITORY, release === 'old' ? 'examples/legacy-polls' : 'backend');
    const left = ['node_modules', 'tests', '.knexward'];
    cpSync(from, folder, { recursive: true, filter: (path) => !left.includes(basename(path)) });
    symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'), 'dir');
    if (late === 'late') writeFileSync(join(folder, `migrations/${LATE_MIGRATION}.js`), LATE_FILE);
    if (release === 'new') adoptByItself(folder);
    return folder;
  };
  return {
    folders: {
      old: { plain: layOut('old', 'plain'), late: layOut('old', 'late') },
      new: { plain: layOut('new', 'plain'), late: layOut('new', 'late') },
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The one line that a fleet adds to its knexfile, which is built already. */
function adoptByItself(folder: string): void {
  const config = join(folder, 'dist/src/config');
  cpSync(join(config, 'knexfile.js'), join(config, 'knexfile-as-built.js'));
  writeFileSync(
    join(config, 'knexfile.js'),
    `const { default: { test } } = require('./knexfile-as-built.js');
exports.default = { test: { ...test, knexward: { ...test.knexward, adopt: 'auto' } } };
Object.defineProperty(exports, '__esModule', { value: true });
`,
  );
}
