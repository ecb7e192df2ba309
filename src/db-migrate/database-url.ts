import { parse as parseQuery } from 'node:querystring';

const URL_PARTS = /^([a-z0-9.+-]+):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/is;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([\w.-]*))(?::(\d*))?$/i;
/** What Node.js' first URL parser, which db-migrate uses, writes percent-encoded. */
const ESCAPED = /[\t\n\r "'<>^`{|}]/g;

/**
 * Takes a connection URL apart as db-migrate does: `driver`, `host`, `port`, `user`, `password`
 * and `database` as far as the URL has them, and each of its query parameters as a setting. Unlike
 * `pg`, db-migrate gives no meaning to `sslmode`, and it leaves the database's name encoded.
 *
 * Returns `undefined` for a text that is no such URL, or one that only chance gives a meaning.
 *
 * @source parse-database-url/lib/parse-database-url.js
 */
export function parseDatabaseUrl(text: string): Record<string, string> | undefined {
  const [, driver, authority = '', path = '', query = ''] = URL_PARTS.exec(text.trim()) ?? [];
  if (driver === undefined || text.includes('\\')) return undefined;
  const at = authority.lastIndexOf('@');
  const host = HOST.exec(authority.slice(at + 1));
  const auth = at < 0 ? '' : decode(authority.slice(0, at));
  // An "@" in the path is what is left of a password with an unencoded "/".
  if (!host || auth === undefined || path.includes('@')) return undefined;
  const settings = settingsOf(query);
  // Behind an address in brackets, a missing name is an empty one, or none.
  if (!settings || (host[1] !== undefined && path === '')) return undefined;
  settings['driver'] = driver.toLowerCase();
  if (auth !== '') {
    // What follows a second colon is lost.
    const [user = '', password] = auth.split(':', 2);
    settings['user'] = user;
    if (password !== undefined) settings['password'] = password;
  }
  if (path !== '') {
    settings['database'] = path.replace(ESCAPED, encode).replace(/^\//, '').replace(/\/$/, '');
  }
  const [, address, name, port] = host;
  if (address || name) settings['host'] = (address ?? name ?? '').toLowerCase();
  if (port) settings['port'] = port;
  return settings;
}

/** A parameter that is given twice would be a list, of which nobody can say what it does. */
function settingsOf(query: string): Record<string, string> | undefined {
  const entries = Object.entries(parseQuery(query));
  if (entries.some(([, value]) => typeof value !== 'string')) return undefined;
  return Object.fromEntries(entries) as Record<string, string>;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
