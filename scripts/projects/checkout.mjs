import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { REPOSITORY } from '../smoke/install.mjs';

/** What every project finds in its node_modules, out of this repository's own. */
const PACKAGES = ['async', 'bluebird', 'db-migrate', 'db-migrate-pg', 'dotenv', 'knex', 'pg'];
const CACHE = join(REPOSITORY, '.cache/projects');

/** The commands that check the projects out, each at its commit, into a folder of its own. */
export function gitCommands(projects, from) {
  return projects
    .map(({ name, repository, commit }) =>
      [
        `git init -q '${from}/${name}'`,
        `git -C '${from}/${name}' fetch -q --depth 1 ${repository} ${commit}`,
        `git -C '${from}/${name}' checkout -q FETCH_HEAD`,
      ].join(' && '),
    )
    .join('\n');
}

/** A copy of a checked-out project that may be changed, with db-migrate and knexward installed. */
export function copyOf(project, from) {
  const source = realpathSync(join(from, project.name));
  const root = mkdtempSync(join(tmpdir(), `knexward-project-${project.name}-`));
  cpSync(source, root, {
    recursive: true,
    filter: (path) => !/\/(\.git|node_modules)$/.test(path.slice(source.length)),
  });
  const folder = join(root, project.folder);
  install(folder, project.packages ?? []);
  if (project.compiled) compileIn(join(folder, project.migrations));
  return { root, folder, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** What the project's build does: JavaScript beside the TypeScript. */
function compileIn(migrations) {
  for (const name of readdirSync(migrations).filter((file) => file.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(migrations, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2020 },
    });
    writeFileSync(join(migrations, name.replace(/\.ts$/, '.js')), outputText);
  }
}

function install(folder, packages) {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  link(REPOSITORY, join(modules, 'knexward'));
  for (const name of PACKAGES) link(join(REPOSITORY, 'node_modules', name), join(modules, name));
  if (packages.length === 0) return;
  fetchPackages(packages);
  for (const name of packages.map(withoutVersion)) {
    link(join(CACHE, 'node_modules', name), join(modules, name));
  }
}

function link(source, target) {
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(source, target, 'dir');
}

/** Installs what migrations require, once for all projects. */
function fetchPackages(packages) {
  const missing = packages.filter(
    (name) => !existsSync(join(CACHE, 'node_modules', withoutVersion(name))),
  );
  if (missing.length === 0) return;
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(join(CACHE, 'package.json'))) writeFileSync(join(CACHE, 'package.json'), '{}\n');
  execFileSync(
    'npm',
    ['install', '--silent', '--no-audit', '--ignore-scripts', '--legacy-peer-deps', ...missing],
    {
      cwd: CACHE,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}

const withoutVersion = (name) => name.replace(/(?<=.)@.*$/, '');
