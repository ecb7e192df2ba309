import { type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import cors from 'cors';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { type Knex } from 'knex';
import { type Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { ROOT } from '../config/root.js';
import { type ReadinessCheck } from '../health/readiness.js';
import { answerProblem, nothingHere } from './answers.js';
import { limitPerMinute } from './limits.js';
import { requestId } from './request-id.js';
import { createRoutes } from './routes.js';

/** What the HTTP side needs. */
export interface AppOptions {
  knex: Knex;
  log: Logger;
  readiness: ReadinessCheck;
  origins: readonly string[];
  rateLimit: number;
  /** How many proxies stand in front. */
  trustProxy: number;
}

/** The HTTP side: health, the page, the API; each answer with its request's id. */
export function createApp(options: AppOptions): Express {
  const { knex, log, readiness, origins, rateLimit, trustProxy } = options;
  const app = express();
  app.disable('x-powered-by').set('trust proxy', trustProxy);
  app.use(requestId, logRequests(log));
  app.use((_request, response, next) => {
    // A connection that is kept would be cut off in the middle of what comes next over it.
    if (readiness.isDraining) response.setHeader('connection', 'close');
    next();
  });
  // Whether it is HTTPS is the proxy's business; without one the page must work over HTTP too.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));

  app.get('/healthz', (_request, response) => void response.json({ alive: true }));
  app.get('/readyz', async (_request, response) => {
    const answer = await readiness.read();
    response.status(answer.ready ? 200 : 503).json(answer);
  });

  app.use(cors({ origin: [...origins], exposedHeaders: ['x-request-id', 'retry-after'] }));
  app.use(express.static(join(ROOT, 'public')));
  // The page's one library draws QR codes. It comes from here, so that a room needs no internet.
  app.use('/lean-qr', express.static(dirname(require.resolve('lean-qr'))));
  app.use(limitPerMinute(rateLimit), express.json({ limit: '10kb' }));
  app.use(createRoutes({ knex, log, rateLimit }));
  app.use(nothingHere, answerProblem);
  return app;
}

/** A line a request. Neither headers nor bodies: they hold tokens and what people wrote. */
function logRequests(log: Logger) {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger: log,
    autoLogging: { ignore: ({ url }) => url === '/healthz' || url === '/readyz' },
    customLogLevel: (_request, { statusCode }, error) =>
      error || statusCode >= 500 ? 'error' : 'info',
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, url }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });
}
