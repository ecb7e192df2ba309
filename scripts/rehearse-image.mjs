// Builds the backend's image without a container engine, and runs it the way the manifests do: as
// an ordinary user, with nothing to write to but /tmp. `npm run rehearse:image`.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readIgnoreFile } from './deploy/ignore.mjs';
import { buildStages } from './deploy/stages.mjs';
import { fetchNode } from './matrix/fetch.mjs';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where the sources are; another one than ours where they are not here yet. */
const CONTEXT = resolve(process.argv[2] ?? REPOSITORY);
const DEPLOY = join(REPOSITORY, 'backend/deploy');
/** The user "node" of the base image has this id; root rehearses as it. */
const USER = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
const STARTS_WITHIN_MS = 30_000;

const { startEmbedded } = createRequire(import.meta.url)(join(REPOSITORY, 'dist/index.js'));
const dockerfile = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8');
const work = mkdtempSync(join(tmpdir(), 'knexward-image-'));
chmodSync(work, 0o755);
let server;

try {
  const [, major] = /^FROM node:(\d+)/m.exec(dockerfile);
  const node = dirname(await fetchNode(major));
  const env = { ...process.env, PATH: [node, process.env.PATH].join(delimiter) };
  const isIgnored = readIgnoreFile(readFileSync(join(DEPLOY, 'Dockerfile.dockerignore'), 'utf8'));
  const image = buildStages(dockerfile, { context: CONTEXT, isIgnored, work, env });
  execFileSync('chmod', ['-R', 'a-w', image.folder]);
  console.log(`Built: ${execFileSync('du', ['-sh', image.folder], { encoding: 'utf8' }).trim()}`);

  server = await startEmbedded({ folder: join(work, 'postgres'), database: 'polls' });
  await rehearse(image, {
    ...image.env,
    DB_HOST: server.host,
    DB_PORT: String(server.port),
    DB_NAME: server.database,
    DB_USER: server.user,
    DB_PASSWORD: server.password,
    PORT: String(await freePort()),
    TMPDIR: temporary(),
  });
  console.log('The image migrates, waits, serves and stops.');
} finally {
  await server?.stop();
  execFileSync('chmod', ['-R', 'u+w', work]);
  rmSync(work, { recursive: true, force: true });
}

/** The Job, the init container, the health check, the probes and SIGTERM, one after the other. */
async function rehearse(image, env) {
  const options = { cwd: image.cwd, env, ...USER };
  const commands = commandsOf(readFileSync(join(DEPLOY, 'kubernetes/deployment.yaml'), 'utf8'));
  await expectCode(['knexward', 'status', '--check', commands.knexfile], 6, options);
  await expectStopped(commands.wait, 143, options);
  await expectCode(['node', 'dist/scripts/migrate.js', 'up'], 0, options);
  await expectCode(commands.wait, 0, options);
  await expectCode(['touch', 'written'], 1, options);

  const [program, ...args] = image.cmd;
  const backend = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await untilReady(`http://127.0.0.1:${env.PORT}/readyz`, backend);
    await expectCode(image.healthcheck, 0, options);
    backend.kill('SIGTERM');
    const [code, signal] = await once(backend, 'exit');
    if (code !== 0) throw new Error(`SIGTERM: it ended with ${code ?? signal}`);
    console.log('SIGTERM: 0');
  } finally {
    backend.kill('SIGKILL');
  }
}

/** The command of the init container, as the manifest has it. */
function commandsOf(manifest) {
  const [, list] = /command:\n((?:\s+- \S+\n)+)/.exec(manifest);
  const wait = [...list.matchAll(/- (\S+)/g)].map(([, word]) => word);
  return { wait, knexfile: wait.find((word) => word.startsWith('--knexfile')) };
}

async function expectCode([program, ...args], expected, options) {
  const { code = 0, stderr } = await promisify(execFile)(program, args, options).catch(
    (error) => error,
  );
  const shown = [program, ...args].join(' ').slice(0, 70);
  if (code !== expected) throw new Error(`${shown}: ${code} instead of ${expected}\n${stderr}`);
  console.log(`${shown}: ${code}`);
}

/** Sends SIGTERM as soon as the command says that it waits. */
async function expectStopped([program, ...args], expected, options) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
    if (said.includes('pending')) child.kill('SIGTERM');
  });
  const [code] = await once(child, 'exit');
  if (code !== expected) throw new Error(`SIGTERM: ${code} instead of ${expected}\n${said}`);
  console.log(`${program} ${args[0]}, SIGTERM: ${code}`);
}

async function untilReady(url, backend) {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return console.log(`${new URL(url).pathname}: ${response.status}`);
    if (backend.exitCode !== null || Date.now() > deadline) {
      throw new Error(`It is not ready: ${(await response?.text()) ?? 'no answer'}`);
    }
    await sleep(100);
  }
}

function temporary() {
  const folder = join(work, 'tmp');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  return folder;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}
