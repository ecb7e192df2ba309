import { z } from 'zod';
import { ENVIRONMENTS } from './connection.js';

const list = z
  .string()
  .transform((text) => text.split(',').map((entry) => entry.trim().replace(/\/$/, '')))
  .transform((entries) => entries.filter((entry) => entry !== ''))
  .pipe(z.array(z.url({ protocol: /^https?$/ })));

const schema = z.object({
  NODE_ENV: z.enum(ENVIRONMENTS).default('development'),
  /** Where the server listens; 0 takes a free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** The other origins whose pages may call the API, separated by commas. */
  CORS_ORIGIN: list.default([]),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** How many requests an address may make a minute. A classroom often has one address. */
  RATE_LIMIT: z.coerce.number().int().positive().default(1200),
  /** How many proxies stand in front and tell the client's address. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  /** How long to go on answering after SIGTERM, until no balancer sends requests any more. */
  DRAIN_MS: z.coerce.number().int().min(0).default(0),
});

/** What the process environment says, checked. */
export type Environment = z.infer<typeof schema>;

/**
 * Reads the process environment. An empty variable counts as not set.
 *
 * @throws Error that names each wrong variable, without its value.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`Wrong settings. ${problems.join('; ')}`);
}
