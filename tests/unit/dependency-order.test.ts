import fc from 'fast-check';
import { inDependencyOrder } from '../../src/schema/sql/order.js';
import { type Entry } from '../../src/schema/sql/entries.js';

const entry = (id: string, priority: number, ...dependencies: string[]): Entry => ({
  ...{ id, priority, dependencies: new Set(dependencies), statements: [] },
});
const ids = (groups: Entry[][]): string[] =>
  groups.map((group) =>
    group
      .map(({ id }) => id)
      .sort()
      .join('+'),
  );

describe('the order of a schema file', () => {
  it('is that of the stages, and within one that of the catalog', () => {
    expect(
      ids(inDependencyOrder([entry('v', 3), entry('b', 1), entry('a', 1), entry('s', 0)])),
    ).toEqual([...['s', 'b', 'a', 'v']]);
  });

  it('what is needed comes first, and only just', () => {
    const entries = [
      entry('t', 1, 'f'),
      entry('u', 1),
      entry('f', 2, 'e'),
      entry('e', 2),
      entry('g', 2),
    ];
    expect(ids(inDependencyOrder(entries))).toEqual(['e', 'f', 't', 'u', 'g']);
  });

  it('what needs each other in a circle is one group', () => {
    const entries = [
      entry('a', 1, 'b'),
      entry('b', 1, 'c'),
      entry('c', 1, 'a'),
      entry('d', 1, 'c'),
    ];
    expect(ids(inDependencyOrder(entries))).toEqual(['a+b+c', 'd']);
  });

  it('holds for any entries: each once, after all that it needs', () => {
    const edges = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 40 });
    fc.assert(
      fc.property(edges, fc.array(fc.nat(4), { minLength: 15, maxLength: 15 }), (pairs, stages) => {
        const entries = stages.map((priority, index) =>
          entry(
            String(index),
            priority,
            ...pairs
              .filter(([from, to]) => from === index && to < from)
              .map(([, to]) => String(to)),
          ),
        );
        const order = inDependencyOrder(entries).flat();
        expect(new Set(order)).toEqual(new Set(entries));
        expect(order).toHaveLength(entries.length);
        order.forEach((one, place) => {
          for (const id of one.dependencies) {
            expect(order.findIndex((other) => other.id === id)).toBeLessThan(place);
          }
        });
      }),
    );
  });
});
