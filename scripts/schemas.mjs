/**
 * Restores drawn schemas from snapshot, baseline and fix script, with pg_dump as the judge: tests/explore/schemas.
 *
 * node scripts/schemas.mjs --count N --seed S
 */
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url).import('../tests/explore/schemas/main.ts');
process.exit(await main(process.argv.slice(2)));
