import { surviveClosedPipes } from '../../src/cli/closed-pipes';

describe('what is written where nobody reads any more', () => {
  const streams = [process.stdout, process.stderr];
  const before = streams.map((stream) => stream.listeners('error'));
  afterEach(() =>
    streams.forEach((stream, index) =>
      stream
        .listeners('error')
        .filter((listener) => !before[index]?.includes(listener))
        .forEach((listener) => stream.off('error', listener as () => void)),
    ),
  );
  const failWith = (code: string) =>
    process.stderr.emit('error', Object.assign(new Error(code), { code }));

  it.each(['EPIPE', 'EIO'])('does not end the process: a pipe, a terminal (%s)', (code) => {
    surviveClosedPipes();
    expect(() => failWith(code)).not.toThrow();
  });

  it('is no reason to hide another error', () => {
    surviveClosedPipes();
    expect(() => failWith('ENOSPC')).toThrow('ENOSPC');
  });
});
