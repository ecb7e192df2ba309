// Runs VitePress on docs/: `node site/run.mjs dev`, `build` or `preview`. Installs VitePress before the
// first run, and again if the lock file has changed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = dirname(fileURLToPath(import.meta.url));
const LOCK = join(SITE, 'package-lock.json');
const INSTALLED = join(SITE, 'node_modules/.installed-from.json');

if (!isInstalled()) {
  run('npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
  copyFileSync(LOCK, INSTALLED);
}
const [command = 'dev', ...options] = process.argv.slice(2);
run(process.execPath, [
  join(SITE, 'node_modules/vitepress/bin/vitepress.js'),
  command,
  SITE,
  ...options,
]);

function isInstalled() {
  return existsSync(INSTALLED) && readFileSync(INSTALLED).equals(readFileSync(LOCK));
}

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: SITE, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
