/**
 * Compares what knexward and Knex make of drawn knexfiles and folders: tests/explore/knexfiles.
 *
 * node scripts/knexfiles.mjs NUMBER SEED
 */
import { createJiti } from 'jiti';

await createJiti(import.meta.url).import('../tests/explore/knexfiles/main.ts');
