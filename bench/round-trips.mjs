// Counts round trips from the order of what passes by: pure.

/**
 * A round trip is a client that speaks after it has listened: however many packets it sends before
 * the server answers, they are one. The first words of a connection count too. Connections are
 * counted apart, because two of them may wait at the same time.
 */
export class RoundTrips {
  total = 0;
  connections = 0;

  /** @returns {{ client(): void, server(): void }} tell it who has just spoken on a new connection */
  connection() {
    this.connections++;
    let speaker = 'server';
    return {
      client: () => {
        if (speaker === 'server') this.total++;
        speaker = 'client';
      },
      server: () => {
        speaker = 'server';
      },
    };
  }

  reset() {
    this.total = 0;
    this.connections = 0;
  }
}
