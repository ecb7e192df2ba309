// The packed tarballs on every Node.js by every PostgreSQL that knexward is for: `npm run matrix`.
// Installs them once for each Node.js, with that Node.js, and tells the smoke test's story on each
// PostgreSQL. A whole matrix writes docs/support.md; `--node 18,26 --postgres 14,18` is a part of it.
// `--tarballs FOLDER` takes those that are there, as a release does, and packs none.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import {
  fetchNode,
  fetchNpm,
  fetchPostgres,
  NODE_MAJORS,
  POSTGRES_MAJORS,
} from './matrix/fetch.mjs';
import { Matrix } from './matrix/table.mjs';
import { installInto, packInto, REPOSITORY, tarballsIn } from './smoke/install.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const SMOKE = join(REPOSITORY, 'scripts/smoke.mjs');
/** What stands over the column of the server that knexward brings along. */
const EMBEDDED = 'embedded';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    postgres: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    tarballs: { type: 'string' },
  },
});
const nodes = values.node?.split(',') ?? NODE_MAJORS;
const majors = values.postgres?.split(',') ?? POSTGRES_MAJORS;
const isWhole = nodes === NODE_MAJORS && majors === POSTGRES_MAJORS;

const started = Date.now();
const work = mkdtempSync(join(tmpdir(), 'knexward-matrix-'));
chmodSync(work, 0o755);
const matrix = new Matrix();
const servers = new Map();

try {
  const tarballs = values.tarballs ? tarballsIn(resolve(values.tarballs)) : packInto(work);
  const cells = [];
  for (const major of nodes) cells.push(...(await cellsOf(major, tarballs)));
  // From the tarballs too: a release builds nothing here.
  const [{ installed }] = cells;
  const { startEmbedded, findBinaries } = require(
    join(installed, 'node_modules/knexward/dist/embedded/index.js'),
  );
  for (const major of majors) {
    const binaries = await findBinaries(await fetchPostgres(major));
    const folder = join(work, `postgres-${major}`);
    servers.set(major, await startEmbedded({ folder, binaries, settings: { fsync: 'off' } }));
    matrix.addColumn(major, servers.get(major).version);
  }
  matrix.addColumn(EMBEDDED, EMBEDDED);
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => workOff(cells)));
} finally {
  for (const server of servers.values()) await server.stop();
  rmSync(work, { recursive: true, force: true });
}

console.log(`\n${matrix.toMarkdown()}\n`);
console.log(`${matrix.size} cells in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
if (isWhole) await matrix.writePage(join(REPOSITORY, 'docs/support.md'));
process.exitCode = matrix.isGreen ? 0 : 1;

/** Installs the tarballs for a Node.js, and says what there is to do with them. */
async function cellsOf(major, tarballs) {
  const node = await fetchNode(major);
  const { stdout } = await run(node, ['--version']);
  matrix.addRow(major, stdout.trim().slice(1));
  const installed = mkdtempSync(join(work, `node-${major}-`));
  chmodSync(installed, 0o755);
  installInto(installed, tarballs, [node, await fetchNpm()]);
  const columns = [EMBEDDED, ...majors];
  return columns.map((column) => ({ row: major, column, node, installed }));
}

async function workOff(cells) {
  for (let cell = cells.shift(); cell; cell = cells.shift()) {
    const begun = Date.now();
    const explanation = await tryCell(cell);
    matrix.set(cell.row, cell.column, explanation);
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    const verdict = explanation ?? 'works';
    console.log(`Node.js ${cell.row}, PostgreSQL ${cell.column}: ${verdict} (${seconds} s)`);
  }
}

/** Undefined where the story goes well, else why not. The URL holds a password: not an argument. */
async function tryCell({ column, node, installed }) {
  const env = { ...process.env };
  if (servers.has(column)) env.SMOKE_DATABASE_URL = servers.get(column).url;
  try {
    await run(node, [SMOKE, '--installed', installed], { env });
    return undefined;
  } catch (error) {
    const [line] = /^\w*Error: .*$/m.exec(error.stderr) ?? [error.message];
    console.error(error.stderr);
    return line;
  }
}
