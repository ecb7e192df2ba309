// Where everything lies.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BENCH = dirname(fileURLToPath(import.meta.url));
export const REPOSITORY = dirname(BENCH);
/** Generated once and kept; safe to remove. */
export const CACHE = join(REPOSITORY, '.cache/bench');
export const PEER_MODULES = join(CACHE, 'peers/node_modules');
export const PROJECTS = join(CACHE, 'projects');
