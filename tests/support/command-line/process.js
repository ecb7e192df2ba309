// A process that runs one command line after the other, so that each need not start Node.js and load
// Knex again. Between two of them everything goes back to how it was: environment, folder, console,
// listeners, and the modules of knexward and of the project, which are loaded anew each time.
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join, sep } = require('node:path');
const { pathToFileURL } = require('node:url');

const REPOSITORY = join(__dirname, '../../..');
const PACKAGES = join(REPOSITORY, 'node_modules') + sep;
/** The lines in which knexward's command lines, and the explorer's program, end their own process. */
const OWN_END =
  /[/\\](?:dist[/\\](?:cli[/\\](?:main|exit)|command-line)|tests[/\\]explore[/\\]library-program)\.js:/;

for (const name of [
  'bluebird',
  'commander',
  'dotenv',
  'jiti',
  'knex',
  'pg',
  'picocolors',
  'pino',
]) {
  require(name);
}

const exit = process.exit.bind(process);
const consoleMethods = { ...console };
const { _load: loadModule } = Module;
const globals = new Set(Object.getOwnPropertyNames(globalThis));
let imports = 0;

process.on('message', (request) => void run(request));
process.on('disconnect', () => exit(0));
const emitters = [process, process.stdout, process.stderr];
const listeners = emitters.map(listenersOf);
process.send('ready');

async function run({ program, args, cwd, env, end, packageFolder = REPOSITORY }) {
  restore(packageFolder);
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [process.execPath, program, ...args];
  process.exitCode = undefined;
  const ended = new Promise((resolve) => {
    process.exit = (code) => {
      if (!OWN_END.test(new Error().stack.split('\n')[2])) exit(code);
      resolve(code ?? process.exitCode ?? 0);
    };
  });
  require(program);
  const code = await ended;
  process.exit = exit;
  await Promise.all([process.stdout, process.stderr].map((stream) => written(stream, end)));
  process.send({ code, reusable: await isIdle() });
}

/**
 * What a command line, or a migration, left open could still act: whoever leaves something serves
 * nobody else. Connections that are closing are given a moment.
 */
async function isIdle() {
  for (let turn = 0; turn < 50; turn++) {
    const open = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
    if (open.length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return false;
}

function restore(packageFolder) {
  Object.assign(console, consoleMethods);
  Module._load = loadModule;
  emitters.forEach((emitter, index) => {
    for (const [event, now] of listenersOf(emitter)) {
      const before = listeners[index].get(event) ?? [];
      for (const one of now) if (!before.includes(one)) emitter.off(event, one);
    }
  });
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!globals.has(name)) Reflect.deleteProperty(globalThis, name);
  }
  for (const path of Object.keys(require.cache)) {
    const kept = path.startsWith(PACKAGES) && !path.startsWith(`${PACKAGES}db-migrate`);
    if (!kept && path !== __filename) delete require.cache[path];
  }
  replaceImport(packageFolder);
}

function listenersOf(emitter) {
  return new Map(emitter.eventNames().map((event) => [event, emitter.rawListeners(event)]));
}

/** `import()` keeps what it has loaded for ever: here a file that was edited in between is read again. */
function replaceImport(packageFolder) {
  // Throws where it was moved.
  const path = require.resolve(join(packageFolder, 'dist/import-module.js'));
  const replaced = new Module(path, module);
  replaced.filename = path;
  replaced.loaded = true;
  replaced.exports = {
    importModule: async (file) => {
      if (!isEsModule(file)) return { default: Module.createRequire(file)(file) };
      return import(`${pathToFileURL(file)}?again=${++imports}`);
    },
  };
  require.cache[path] = replaced;
}

function isEsModule(file) {
  if (/\.[cm]js$/.test(file)) return file.endsWith('.mjs');
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}

function written(stream, text) {
  return new Promise((resolve) => stream.write(text, resolve));
}
