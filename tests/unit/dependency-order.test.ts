import fc from 'fast-check';
import { inDependencyOrder } from '../../src/schema/sql/order.js';
import { type Unit } from '../../src/schema/sql/units.js';

const unit = (id: string, stage: number, ...needs: string[]): Unit => ({
  ...{ id, stage, needs: new Set(needs), statements: [] },
});
const ids = (groups: Unit[][]): string[] =>
  groups.map((group) =>
    group
      .map(({ id }) => id)
      .sort()
      .join('+'),
  );

describe('the order of a schema file', () => {
  it('is that of the stages, and within one that of the catalog', () => {
    expect(
      ids(inDependencyOrder([unit('v', 3), unit('b', 1), unit('a', 1), unit('s', 0)])),
    ).toEqual([...['s', 'b', 'a', 'v']]);
  });

  it('what is needed comes first, and only just', () => {
    const units = [unit('t', 1, 'f'), unit('u', 1), unit('f', 2, 'e'), unit('e', 2), unit('g', 2)];
    expect(ids(inDependencyOrder(units))).toEqual(['e', 'f', 't', 'u', 'g']);
  });

  it('what needs each other in a circle is one group', () => {
    const units = [unit('a', 1, 'b'), unit('b', 1, 'c'), unit('c', 1, 'a'), unit('d', 1, 'c')];
    expect(ids(inDependencyOrder(units))).toEqual(['a+b+c', 'd']);
  });

  it('holds for any units: each once, after all that it needs', () => {
    const edges = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 40 });
    fc.assert(
      fc.property(edges, fc.array(fc.nat(4), { minLength: 15, maxLength: 15 }), (pairs, stages) => {
        const units = stages.map((stage, index) =>
          unit(
            String(index),
            stage,
            ...pairs
              .filter(([from, to]) => from === index && to < from)
              .map(([, to]) => String(to)),
          ),
        );
        const order = inDependencyOrder(units).flat();
        expect(new Set(order)).toEqual(new Set(units));
        expect(order).toHaveLength(units.length);
        order.forEach((one, place) => {
          for (const id of one.needs) {
            expect(order.findIndex((other) => other.id === id)).toBeLessThan(place);
          }
        });
      }),
    );
  });
});
