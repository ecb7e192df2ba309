import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '../..');
const SOURCES = join(ROOT, 'src');

/** The folders of src, from top to bottom, as docs/architecture.md lists them. */
function roomsFromTop(): string[] {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const [, list = ''] = /```\nsrc\/\n([\s\S]*?)```/.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z-]+)\//gm)].map(([, room]) => room as string);
}

interface Import {
  from: string;
  to: string;
}

/** What a file imports; `values` leaves out what is types only, and gone when the code runs. */
function importsOf(file: string, values = false): Import[] {
  const types = /import \{(?:\s*type \w+(?: as \w+)?,?)+\s*\} from '[^']+';/g;
  const all = readFileSync(file, 'utf8');
  const text = values ? all.replace(types, '') : all;
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path]) => ({
    from: relative(SOURCES, file),
    to: relative(SOURCES, resolve(file, '..', path as string)),
  }));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const roomOf = (path: string): string | null => (path.includes('/') ? path.split('/')[0]! : null);

describe('the folders of src', () => {
  const rooms = roomsFromTop();
  const files = filesIn(SOURCES);
  const imports = files.flatMap((file) => importsOf(file));

  it('are those that docs/architecture.md lists', () => {
    const folders = readdirSync(SOURCES).filter((name) =>
      statSync(join(SOURCES, name)).isDirectory(),
    );
    expect([...rooms].sort()).toEqual(folders.sort());
  });

  it('import from folders below them only', () => {
    expect(imports.length).toBeGreaterThan(500);
    const upwards = imports.filter(({ from, to }) => {
      const [importing, imported] = [roomOf(from), roomOf(to)];
      if (importing === null || imported === null || importing === imported) return false;
      return rooms.indexOf(imported) < rooms.indexOf(importing);
    });
    expect(upwards).toEqual([]);
  });

  it('have no circle of files that need one another when they run', () => {
    const needs = new Map<string, string[]>();
    for (const { from, to } of files.flatMap((file) => importsOf(file, true))) {
      const list = needs.get(from) ?? [];
      needs.set(from, [...list, to.replace(/\.js$/, '.ts')]);
    }
    const circles: string[][] = [];
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
      if (path.includes(file) || done.has(file)) return;
      for (const next of needs.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of needs.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});
