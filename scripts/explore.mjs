/**
 * Acts out drawn schedules of runners and faults, and holds what is seen against a model: tests/explore.
 *
 * npm run explore -- --help
 */
import { createJiti } from 'jiti';

const jiti = createJiti(import.meta.url);
const { main } = await jiti.import('../tests/explore/main.ts');
process.exit(await main(process.argv.slice(2)));
