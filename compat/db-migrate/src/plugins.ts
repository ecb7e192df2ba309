import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { log } from './log.js';

/** A plugin of db-migrate's: functions by the name of the hook that they are for. */
export interface Plugin {
  name: string;
  hooks: string[];
  loadPlugin?: () => void;
  [hook: string]: unknown;
}

/** The plugins that a project has, by hook. */
export class Plugins {
  constructor(private readonly byHook: Readonly<Record<string, readonly Plugin[]>>) {}

  /** Calls every plugin that has this hook, and returns what they answer. */
  call(hook: string, ...parts: readonly unknown[]): unknown[] {
    return (this.byHook[hook] ?? []).map((plugin) => {
      plugin.loadPlugin?.();
      return (plugin[hook] as (...given: readonly unknown[]) => unknown)(...parts);
    });
  }

  /** Whether any plugin has this hook. */
  has(hook: string): boolean {
    return (this.byHook[hook] ?? []).length > 0;
  }
}

/**
 * Loads what a project's package.json names `db-migrate-plugin-…`. Where there is no package.json, or one of
 * them cannot be loaded, there are none; `--verbose` tells why.
 */
export function loadPlugins(
  cwd: string | null,
  given: Readonly<Record<string, readonly Plugin[]>> | undefined,
): Plugins {
  const byHook: Record<string, Plugin[]> = {};
  try {
    for (const plugin of cwd === null ? [] : requirePlugins(cwd)) {
      for (const hook of plugin.hooks) (byHook[hook] ??= []).push(plugin);
    }
  } catch (error) {
    log.verbose('No plugin could be loaded!');
    log.verbose(error);
    return new Plugins({ ...given });
  }
  return new Plugins({ ...byHook, ...given });
}

function requirePlugins(cwd: string): Plugin[] {
  const text = readFileSync(join(cwd, 'package.json'), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(text) as Record<string, object | undefined>;
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const load = createRequire(join(cwd, 'package.json'));
  return names
    .filter((name) => name.startsWith('db-migrate-plugin'))
    .map((name) => load(name) as Plugin)
    .filter(({ name, hooks, loadPlugin }) => typeof name === 'string' && hooks && loadPlugin);
}
