import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CANDIDATES = [resolve(__dirname, '../..'), resolve(__dirname, '../../..')];

/** The backend's folder. This file runs as `src/config/root.ts` and as `dist/src/config/root.js`. */
export const ROOT = CANDIDATES.find((folder) => existsSync(join(folder, 'package.json'))) ?? '.';
