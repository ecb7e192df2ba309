/** A URL with a user and no host: how a connection through a Unix socket is written. */
const HOSTLESS = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*@)(?=\/)/i;

/**
 * Takes a connection URL apart as db-migrate does: `driver`, `host`, `port`, `user`, `password`
 * and `database` as far as the URL has them, and each of its query parameters as a setting. Unlike
 * `pg`, db-migrate gives no meaning to an `sslmode` parameter.
 *
 * Returns `undefined` for a text that is no URL.
 */
export function parseDatabaseUrl(text: string): Record<string, string> | undefined {
  const hostless = HOSTLESS.test(text);
  let url: URL;
  try {
    // The standard parser wants a host after a user.
    url = new URL(hostless ? text.replace(HOSTLESS, '$1socket') : text);
  } catch {
    return undefined;
  }
  const parts = {
    driver: url.protocol.slice(0, -1),
    user: decode(url.username),
    password: decode(url.password),
    host: hostless ? '' : url.hostname,
    port: url.port,
    database: url.pathname.replace(/^\//, '').replace(/\/$/, ''),
  };
  const given = Object.entries(parts).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(given) };
}

/** A text with a bare % in it was never encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
