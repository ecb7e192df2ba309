import { type Client, type ClientConfig } from 'pg';

/** The given URL with another database in it, or one made of what `pg` has connected with. */
export function urlOf({ connectionString }: ClientConfig, client: Client, name: string): string {
  const given = connectionString === undefined ? undefined : parse(connectionString);
  if (given) {
    given.pathname = `/${name}`;
    return given.href;
  }
  const { host, port, user = '', password } = client;
  const secret = typeof password === 'string' ? `:${encodeURIComponent(password)}` : '';
  const login = encodeURIComponent(user) + secret;
  if (host.startsWith('/')) {
    return `postgresql://${login}@/${name}?host=${encodeURIComponent(host)}&port=${port}`;
  }
  return `postgresql://${login}@${host.includes(':') ? `[${host}]` : host}:${port}/${name}`;
}

/** `undefined` where it is none that names a host: `pg` takes other texts too. */
function parse(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return /^postgres(?:ql)?:$/.test(url.protocol) && url.host !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}
