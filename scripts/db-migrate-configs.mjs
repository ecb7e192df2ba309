/**
 * Compares what knexward and real db-migrate make of drawn configurations: tests/explore/db-migrate-configs.
 *
 * node scripts/db-migrate-configs.mjs NUMBER SEED
 */
import { createJiti } from 'jiti';

await createJiti(import.meta.url).import('../tests/explore/db-migrate-configs/main.ts');
