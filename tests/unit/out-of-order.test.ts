import { type Migration } from '../../src/files/find';
import { type History } from '../../src/history/read';
import { findOutOfOrder } from '../../src/plan/out-of-order';

const inFolder = (folder: string, name: string): Migration => ({
  ...{ name, format: 'knex', path: `/p/${folder}/${name}` },
});
const file = (name: string): Migration => inFolder('migrations', name);
const historyOf = (...names: string[]): History =>
  ({ rows: names.map((name, id) => ({ id, name, batch: 1, appliedAt: null })) }) as History;
const late = (
  files: readonly Migration[],
  history: History,
  sortDirsSeparately = false,
): [string, string][] =>
  findOutOfOrder(files, history, { sortDirsSeparately }).map(({ name, newest }) => [name, newest]);

describe('what is out of order', () => {
  it('is what is pending before the newest that is applied', () => {
    const files = ['1_a.js', '2_b.js', '3_c.js', '4_d.js'].map(file);
    expect(late(files, historyOf('1_a.js', '3_c.js'))).toEqual([['2_b.js', '3_c.js']]);
    expect(late(files, historyOf('1_a.js', '2_b.js'))).toEqual([]);
    expect(late(files, historyOf())).toEqual([]);
    expect(late([], historyOf('1_a.js'))).toEqual([]);
  });

  it('also where the file of the newest is not here', () => {
    const files = ['1_a.js', '2_b.js', '4_d.js'].map(file);
    expect(late(files, historyOf('1_a.js', '3_c.js'))).toEqual([['2_b.js', '3_c.js']]);
    expect(late(files, historyOf('3_c.js', '4_d.js'))).toEqual([
      ['1_a.js', '4_d.js'],
      ['2_b.js', '4_d.js'],
    ]);
  });

  it('a file whose extension has changed is the same migration', () => {
    expect(late([file('1_a.ts'), file('2_b.ts')], historyOf('1_a.js', '2_b.js'))).toEqual([]);
  });

  it('of each scope by itself', () => {
    expect(late([file('2_b.js')], historyOf('1_a.js', 'tenant/3_c.js'))).toEqual([]);
    const scoped = [inFolder('migrations/tenant', 'tenant/2_b.js')];
    expect(late(scoped, historyOf('3_c.js', 'tenant/1_a.js'))).toEqual([]);
    expect(late(scoped, historyOf('tenant/3_c.js'))).toEqual([['tenant/2_b.js', 'tenant/3_c.js']]);
  });

  it('of several folders: together, or each by itself where they are sorted separately', () => {
    const core = ['1_a.js', '4_d.js'].map((name) => inFolder('core', name));
    const plugin = ['2_b.js', '3_c.js'].map((name) => inFolder('plugin', name));
    const sorted = [...core, ...plugin].sort((a, b) => (a.name < b.name ? -1 : 1));
    const history = historyOf('1_a.js', '3_c.js');
    expect(late(sorted, history)).toEqual([['2_b.js', '3_c.js']]);
    // In the list 4_d comes before what is applied of the plugin; that is no other order.
    expect(late([...core, ...plugin], history, true)).toEqual([['2_b.js', '3_c.js']]);
    expect(late([...core, ...plugin], historyOf('1_a.js', '2_b.js', '9_gone.js'), true)).toEqual(
      [],
    );
  });

  it('of a migration source: in the order in which it lists them', () => {
    const files = ['b', 'a', 'c'].map((name): Migration => ({ ...file(name), custom: name }));
    expect(late(files, historyOf('b'))).toEqual([]);
    expect(late(files, historyOf('a'))).toEqual([['b', 'a']]);
    expect(late(files, historyOf('b', 'z'))).toEqual([]);
  });
});
