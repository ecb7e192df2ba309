import { type Client } from 'pg';
import { keepSecret } from '../secrets.js';

type Connecting = Pick<Client, 'user' | 'database' | 'host'> & { password?: unknown };

/**
 * Keeps the password that a client connects with from being shown. Once it is connected, that is also
 * the one that it was given by a function, or has read from a password file.
 */
export function keepPassword({ password, user, database, host }: Connecting): void {
  keepSecret(password, [user, database, host]);
}

/** The same for a client that has yet to connect: what a function gives is kept before it is sent. */
export function keepPasswordAskedFor(client: Connecting): void {
  keepPassword(client);
  const ask = client.password;
  if (typeof ask !== 'function') return;
  client.password = async (...given: unknown[]): Promise<unknown> => {
    const password: unknown = await (ask as (...given: unknown[]) => unknown)(...given);
    keepPassword({ ...placeOf(client), password });
    return password;
  };
}

function placeOf({ user, database, host }: Connecting): Connecting {
  return { user, database, host };
}
