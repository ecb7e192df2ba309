import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a balancer needs to know of an instance. */
export interface Target {
  name: string;
  port: number;
}

/** What was answered, and whether an earlier try was cut off together with its instance. */
export interface Reply {
  status: number;
  body: Record<string, unknown>;
  repeated: boolean;
}

interface Place {
  target: Target;
  open: number;
  killed: boolean;
}

/**
 * Sends each request to the next of the instances that are up. One that is to be stopped leaves
 * first, and its open requests end. One that was killed may cut its open requests off: those are
 * counted, and sent again to another. Nothing else is ever sent twice.
 */
export class LoadBalancer {
  /** Requests that ended with a killed instance, and were sent again. */
  cut = 0;
  answered = 0;
  /** What else went wrong, in words. */
  readonly failures: string[] = [];
  private places: Place[] = [];
  private turn = 0;

  join(target: Target): void {
    this.places.push({ target, open: 0, killed: false });
  }

  /** Sends it nothing more; resolves when it owes no answer any more. */
  async leave(target: Target): Promise<void> {
    const place = this.take(target);
    while (place && place.open > 0) await sleep(2);
  }

  /** It is about to be killed, with whatever it is at. */
  lose(target: Target): void {
    const place = this.take(target);
    if (place) place.killed = true;
  }

  async send(method: string, path: string, body?: object, token?: string): Promise<Reply> {
    for (let repeated = false; ; repeated = true) {
      const place = this.places[this.turn++ % Math.max(1, this.places.length)];
      if (!place) throw this.failed(`${method} ${path}: no instance is up`);
      place.open++;
      try {
        const answer = await exchange(place.target, method, path, body, token);
        this.answered++;
        return { ...answer, repeated };
      } catch (error) {
        if (!place.killed) {
          throw this.failed(`${method} ${path} at ${place.target.name}: ${String(error)}`);
        }
        this.cut++;
      } finally {
        place.open--;
      }
    }
  }

  /** Writes down what went wrong. */
  failed(what: string): Error {
    this.failures.push(what);
    return new Error(what);
  }

  private take(target: Target): Place | undefined {
    const place = this.places.find((each) => each.target === target);
    this.places = this.places.filter((each) => each !== place);
    return place;
  }
}

/** One request over a connection of its own: what is kept open could be cut between two. */
function exchange(
  { port }: Target,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Omit<Reply, 'repeated'>> {
  const headers = {
    ...(body && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    call.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const parsed = JSON.parse(text || '{}') as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, body: parsed });
      });
    });
    call.end(body && JSON.stringify(body));
  });
}
