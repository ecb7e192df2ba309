// Carries out a Dockerfile without an engine: each stage is a folder, COPY copies, RUN runs there.
// What that leaves out: the base image, its users, and everything outside of the folders.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, delimiter, join, posix, relative } from 'node:path';
import { readInstructions } from './dockerfile.mjs';

/** Builds in `work`, from `context`; returns the last stage: its folder, variables and command. */
export function buildStages(dockerfile, { context, isIgnored, work, env }) {
  const stages = new Map();
  let stage;
  for (const { name, text } of readInstructions(dockerfile)) {
    if (name === 'FROM') {
      const [image, , alias = 'final'] = text.split(/\s+/);
      stage = { image, folder: join(work, alias), workdir: '/', env: {} };
      mkdirSync(stage.folder);
      stages.set(alias, stage);
    } else if (name === 'WORKDIR') {
      stage.workdir = posix.resolve(stage.workdir, text);
      mkdirSync(inStage(stage, '.'), { recursive: true });
    } else if (name === 'ENV') {
      const [, variable, value] = /^(\w+)=(.*)$/.exec(text);
      stage.env[variable] = value;
    } else if (name === 'COPY') {
      copy(stage, text, { context, isIgnored, stages });
    } else if (name === 'RUN') {
      console.log(`RUN ${text}`);
      const variables = { ...env, ...variablesOf(stage, env.PATH) };
      execFileSync('sh', ['-c', text], { cwd: inStage(stage, '.'), env: variables });
    } else if (name === 'USER') {
      stage.user = text;
    } else if (name === 'CMD' || name === 'HEALTHCHECK') {
      stage[name.toLowerCase()] = JSON.parse(text.slice(text.indexOf('[')));
    }
  }
  return { ...stage, cwd: inStage(stage, '.'), env: variablesOf(stage, env.PATH) };
}

/** The stage's variables, its paths as those of the folder that stands for it. */
function variablesOf(stage, path) {
  const { PATH, ...rest } = stage.env;
  if (PATH === undefined) return { ...rest, PATH: path };
  const folders = PATH.split(':').map((folder) =>
    folder === '$PATH' ? path : join(stage.folder, folder),
  );
  return { ...rest, PATH: folders.join(delimiter) };
}

function copy(stage, text, { context, isIgnored, stages }) {
  const [, from] = /--from=(\S+)/.exec(text) ?? [];
  const words = text.split(/\s+/).filter((word) => !word.startsWith('--'));
  const target = words.at(-1);
  for (const source of words.slice(0, -1)) {
    const path = join(from ? stages.get(from).folder : context, source);
    if (!existsSync(path)) throw new Error(`COPY ${text}: there is no ${source}`);
    const intoFolder = statSync(path).isFile() && (target.endsWith('/') || words.length > 2);
    const to = inStage(stage, intoFolder ? posix.join(target, basename(source)) : target);
    const filter = (each) => from !== undefined || !isIgnored(relative(context, each));
    cpSync(path, to, { recursive: true, filter, verbatimSymlinks: true });
  }
}

function inStage(stage, path) {
  return join(stage.folder, posix.resolve(stage.workdir, path));
}
