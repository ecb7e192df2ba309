// A project in which an installed knexward is used, the way a user does: by its command line.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a developer's shell, or CI, may have set, and a project of its own must not see. */
const NOT_OURS = /^(CI|DATABASE_URL|PG[A-Z]+|NODE_ENV|GITHUB_[A-Z_]+|KNEXWARD_.*)$/;

export class Project {
  /** The packages are those that `installed` holds; `environment` is what every command gets. */
  constructor(folder, installed, environment = {}) {
    this.folder = folder;
    this.installed = installed;
    const outer = Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name));
    this.environment = { ...Object.fromEntries(outer), ...environment };
    mkdirSync(folder, { recursive: true });
  }

  write(path, content) {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  /** Runs a script with the Node.js that runs this one; its output, whatever the exit code. */
  async node(args, environment = {}) {
    const options = { cwd: this.folder, env: { ...this.environment, ...environment } };
    try {
      const { stdout, stderr } = await run(process.execPath, args, options);
      return { code: 0, stdout, stderr };
    } catch (error) {
      if (typeof error.code !== 'number') throw error;
      return { code: error.code, stdout: error.stdout, stderr: error.stderr };
    }
  }

  /** The path of knexward's program. */
  get program() {
    return join(this.installed, 'node_modules/knexward/bin/knexward.js');
  }

  /** Runs knexward, expects that exit code, and returns what it printed. */
  async knexward(args, code = 0) {
    const outcome = await this.node([this.program, ...args]);
    if (outcome.code === code) return outcome.stdout;
    throw new Error(
      `"knexward ${args.join(' ')}" ended with ${outcome.code} instead of ${code}:\n${outcome.stdout}${outcome.stderr}`,
    );
  }

  /** A package that the project has. */
  require(name) {
    return createRequire(join(this.installed, 'package.json'))(name);
  }
}

/** The match, or an error that shows what was there instead. */
export function expect(output, pattern) {
  const match = pattern.exec(output);
  if (!match) throw new Error(`Expected ${pattern}, but got:\n${output}`);
  return match;
}

/** Both as JSON, or an error that shows both. */
export function expectEqual(found, expected) {
  const [left, right] = [found, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`Expected ${right}, but got ${left}`);
}
