// What a user gets: packs the packages, installs the tarballs in an empty project, and uses them
// there, first on the embedded PostgreSQL, then through the whole story.
//
// `--installed FOLDER` uses what is installed there; the variable SMOKE_DATABASE_URL names a server
// to do it on, whose role may create databases.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installInto, packInto } from './smoke/install.mjs';
import { expect, Project } from './smoke/project.mjs';
import { PARTS, query } from './smoke/story.mjs';

const { values } = parseArgs({ options: { installed: { type: 'string' } } });
const given = process.env.SMOKE_DATABASE_URL;
delete process.env.SMOKE_DATABASE_URL;
const work = mkdtempSync(join(tmpdir(), 'knexward-smoke-'));
// Where root runs this, the embedded server is another user's.
chmodSync(work, 0o755);

try {
  const installed = values.installed ?? installHere();
  if (given === undefined) await onEmbedded(installed);
  else console.log(`The story works on PostgreSQL ${await tell(installed, given)}.`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function installHere() {
  const tarballs = packInto(work);
  const folder = mkdtempSync(join(work, 'installed-'));
  chmodSync(folder, 0o755);
  installInto(folder, tarballs);
  console.log(`Installed ${tarballs.length} tarballs.`);
  return folder;
}

/** Without a database: knexward brings one, which the story then runs on too. */
async function onEmbedded(installed) {
  // Below the installed packages, so that a migration and a knexfile find them.
  const project = new Project(mkdtempSync(join(installed, 'app-')), installed);
  const { startEmbedded } = project.require('knexward');
  chmodSync(project.folder, 0o755);
  const [, file] = expect(
    await project.knexward(['create', 'one', '--js']),
    /Created Migration: (.*_one\.js)\n/,
  );
  project.write(file, "exports.up = (knex) => knex.raw('select 1');\nexports.down = exports.up;\n");
  expect(await project.knexward(['up']), /Batch 1 run: 1 migrations\n/);
  const server = await startEmbedded({ folder: join(project.folder, '.knexward') });
  try {
    const version = await tell(installed, server.url);
    console.log(`The story works on the embedded PostgreSQL ${version}.`);
  } finally {
    await server.stop();
    rmSync(project.folder, { recursive: true, force: true });
  }
}

/** Tells the story, each part in a project and a database of its own; returns the server's version. */
async function tell(installed, url) {
  const outside = new Project(work, installed);
  for (const [name, part] of Object.entries(PARTS)) {
    // The takeover's project must not see the installed packages before their time.
    const folder = mkdtempSync(join(name === 'takeover' ? work : installed, `${name}-`));
    const database = `smoke_${name.toLowerCase()}_${process.pid}`;
    const own = new URL(url);
    own.pathname = `/${database}`;
    await query(outside, url, `create database ${database}`);
    try {
      const environment = { DATABASE_URL: own.href, TZ: 'UTC' };
      await part(new Project(folder, installed, environment), own.href);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    } finally {
      await query(outside, url, `drop database if exists ${database} with (force)`);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const [{ server_version: version }] = await query(outside, url, 'show server_version');
  return version;
}
