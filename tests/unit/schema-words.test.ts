import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = join(__dirname, '../../src');

const ROOMS = [
  ...['schema', 'repair', 'snapshot', 'baseline', 'squash', 'replay', 'rehearsal', 'throwaway'],
  ...['verify', 'plan'],
];

/** Words that these folders once had for what PostgreSQL, pg_dump and Knex have words for. */
const INVENTED = [
  ...['anew', 'circle', 'cut', 'cutter', 'ground', 'loosen', 'mend', 'mends', 'mended', 'renew'],
  ...['settle', 'settled', 'side', 'sides', 'stage', 'swap', 'way'],
];

/** `openFixScript`, `on-the-way.ts` and `DEFAULT_NAME` in their words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
}

describe('names in the folders about schemas', () => {
  const files = ROOMS.flatMap((room) =>
    readdirSync(join(SOURCES, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(room, file)),
  );
  const exported = files.flatMap((file) => {
    const text = readFileSync(join(SOURCES, file), 'utf8');
    const names = text.matchAll(
      /^export (?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    );
    return [...names].map(([, name = '']) => `${file}: ${name}`);
  });

  it('are words of the field: no file and no export has one that we made up', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(exported.length).toBeGreaterThan(200);
    const found = [...files, ...exported].filter((name) =>
      wordsOf(name).some((word) => INVENTED.includes(word)),
    );
    expect(found).toEqual([]);
  });
});
