/**
 * Loads `pg` before the others ask for it. On Node.js before 21, which has no `navigator`, pg looks
 * at `Response` to learn whether it runs at Cloudflare's, and with that Node.js loads all of
 * `fetch`: a quarter of the time that a command with nothing to do takes. A `navigator` for that
 * moment spares it.
 * Source: pg/lib/stream.js, isCloudflareRuntime
 */
if (!('navigator' in globalThis)) {
  const value = { userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  require('pg');
  Reflect.deleteProperty(globalThis, 'navigator');
}

export {};
