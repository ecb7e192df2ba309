import fc from 'fast-check';
import { resolveFleet, readSize } from '../../src/config/fleet';
import { inTurn } from '../../src/fleet/in-turn';
import { checkTargets, type Target } from '../../src/fleet/targets';
import { inOrder, planWaves } from '../../src/fleet/waves';

const size = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((count) => ({ count })),
  fc.integer({ min: 1, max: 100 }).map((percent) => ({ share: percent / 100 })),
);

describe('waves (US13)', () => {
  it('have each target exactly once, in order; none is empty', () => {
    fc.assert(
      fc.property(fc.nat(200), size, fc.array(size, { minLength: 1 }), (count, canary, waves) => {
        const targets = [...Array(count).keys()];
        const planned = planWaves(targets, { canary, waves });
        expect(planned.flatMap((wave) => wave.targets)).toEqual(targets);
        expect(planned.every((wave) => wave.targets.length > 0)).toBe(true);
        expect(planned.filter((wave) => wave.canary).length).toBe(count > 0 ? 1 : 0);
      }),
    );
  });

  it('are ordered by a label: numbers, then texts, then those without it', () => {
    const target = (id: string, rank?: number | string): Target => ({
      ...{ id, schema: id, connection: null },
      labels: rank === undefined ? {} : { rank },
    });
    const given = [
      target('none'),
      target('b', 'b'),
      target('ten', 10),
      target('two', 2),
      target('a', 'a'),
    ];
    expect(inOrder(given, 'rank').map(({ id }) => id)).toEqual(['two', 'ten', 'a', 'b', 'none']);
    expect(inOrder(given, null)).toEqual(given);
  });
});

describe('the targets in turn (US13)', () => {
  it('never more at once than the caps, each once; failures stop it to within the concurrency', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            server: fc.constantFrom('a', 'b', 'c'),
            fails: fc.boolean(),
            turns: fc.nat(4),
          }),
          { maxLength: 40 },
        ),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 10 }),
        async (items, concurrency, perServer, stopAt) => {
          const begun: (typeof items)[number][] = [];
          const busy: string[] = [];
          let failures = 0;
          const left = await inTurn(
            items,
            { concurrency, perServer },
            ({ server }) => server,
            () => failures < stopAt,
            async (item) => {
              begun.push(item);
              busy.push(item.server);
              expect(busy.length).toBeLessThanOrEqual(concurrency);
              expect(busy.filter((server) => server === item.server).length).toBeLessThanOrEqual(
                perServer,
              );
              for (let turn = 0; turn < item.turns; turn++) await Promise.resolve();
              busy.splice(busy.indexOf(item.server), 1);
              if (item.fails) failures++;
            },
          );
          expect(begun.length + left.length).toBe(items.length);
          expect(new Set([...begun, ...left]).size).toBe(items.length);
          expect(failures).toBeLessThan(stopAt + concurrency);
          if (failures < stopAt) expect(left).toEqual([]);
        },
      ),
    );
  });
});

describe('what is given for targets (US13, FR-018)', () => {
  it.each([
    [
      'an id twice',
      [
        { id: 'a', schema: 'x' },
        { id: 'a', schema: 'y' },
      ],
      'the id "a"',
    ],
    [
      'a schema twice',
      [
        { id: 'a', schema: 'x' },
        { id: 'b', schema: 'x' },
      ],
      'the same schema',
    ],
    ['no id', [{ schema: 'x' }], 'The 1st of them has no id'],
    ['an empty id', [{ id: ' ', schema: 'x' }], 'has no id'],
    ['neither', [{ id: 'a' }], 'neither a schema nor a connection'],
    ['an empty schema', [{ id: 'a', schema: '' }], 'is empty'],
    ['an empty connection', [{ id: 'a', connection: '' }], 'is empty'],
    [
      'a URL for an id',
      [{ id: 'postgres://u:s3cret@h/d', schema: 'x' }],
      'looks like a connection',
    ],
    [
      "libpq's words for an id",
      [{ id: 'host=h password=s3cret', schema: 'x' }],
      'looks like a connection',
    ],
    ['labels of objects', [{ id: 'a', schema: 'x', labels: { b: {} } }], 'The labels of "a"'],
    ['no object', ['a'], 'is no object'],
  ])('%s is refused', (_, given, says) => {
    expect(() => checkTargets(given)).toThrow(says);
    expect(() => checkTargets(given)).not.toThrow('s3cret');
  });

  it('hostile names are names', () => {
    const given = [
      { id: '"; drop schema x; --', schema: 'a"b\'c' },
      { id: 7, schema: 'é\n' },
    ];
    expect(checkTargets(given).map(({ id }) => id)).toEqual(['"; drop schema x; --', '7']);
  });
});

describe('knexward.fleet (US13)', () => {
  it('has defaults', () => {
    expect(resolveFleet({ targets: 'select 1' })).toMatchObject({
      ...{ concurrency: 4, perServer: 4, canary: { count: 0 }, stopAt: { count: 10 } },
      ...{ waves: [{ share: 1 }], pause: 0, order: null, searchPath: [] },
    });
    expect(resolveFleet(undefined)).toBeNull();
  });

  it.each([
    { targets: '' },
    { targets: 'select 1', concurrency: 0 },
    { targets: 'select 1', waves: [] as string[], canary: '0%' },
    { targets: 'select 1', stopAt: 'soon' },
    { targets: 'select 1', engine: 'graphile-worker' },
    { targets: 'select 1', pause: 'a while' },
  ])('%j is refused', (key) => {
    expect(() => resolveFleet(key as never)).toThrow();
  });

  it('a size is a number or a share', () => {
    expect(['3', 3, '2.5%', '100%'].map((value) => readSize(value, 'x'))).toEqual([
      ...[{ count: 3 }, { count: 3 }, { share: 0.025 }, { share: 1 }],
    ]);
    for (const value of ['101%', '-1', 0, 1.5, '', null])
      expect(() => readSize(value, 'x')).toThrow();
  });
});
