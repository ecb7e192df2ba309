import { askProject } from '../../src/config/ask-project';

describe('code of the project that is asked for something', () => {
  it('never settles: KNEXFILE_BROKEN when the time is over', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(askProject('The knexfile', () => never, 20)).rejects.toMatchObject({
      code: 'KNEXFILE_BROKEN',
      message: 'The knexfile cannot be used: Error: it has not come back in 0.02 s',
    });
  });

  it('settles in time: its answer', async () => {
    const late = new Promise((resolve) => setTimeout(resolve, 5, 'there'));
    expect(await askProject('The knexfile', () => late, 60_000)).toBe('there');
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('odd'), 'Symbol(odd)'],
    [{ code: 7 }, '{ code: 7 }'],
    [Object.create(null), '[Object: null prototype] {}'],
    ['a text', 'a text'],
    [new RangeError('too far'), 'RangeError: too far'],
  ])('throws %p: said as a person reads it', async (thrown: unknown, said) => {
    const ask = (): never => {
      throw thrown;
    };
    await expect(askProject('It', ask)).rejects.toMatchObject({
      message: `It cannot be used: ${said}`,
    });
  });
});
