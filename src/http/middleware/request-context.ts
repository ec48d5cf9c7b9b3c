import { randomBytes } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { AppEnv } from '../app-env.ts';
import { findClientAddress } from './client-address.ts';

const requestIdPattern = /^[A-Za-z0-9-]{8,64}$/;
const requestSecretPattern = /^[0-9a-f]{16,64}$/;
/** Asked every few seconds, by machines. */
const untracedPaths: ReadonlySet<string> = new Set(['/livez', '/readyz']);

export interface RequestContextOptions {
  logger: Logger;
  metrics: Metrics;
  tracing: Tracing | undefined;
  replicaId: string;
  /** While true, connections are closed after their reply, so that clients move to other replicas. */
  isDraining: () => boolean;
  /** What nginx proves itself by; empty: it is believed without. */
  proxySecrets: () => readonly string[];
}

/** Gives a request its id, client address and logger, and writes its one log line and its span. */
export function requestContext({
  logger,
  metrics,
  tracing,
  replicaId,
  isDraining,
  proxySecrets,
}: RequestContextOptions) {
  let hasWarned = false;
  /** Once, for it concerns every request: all that come through such a proxy are counted as one client. */
  const warnOfUnprovenProxy = (peer: string | undefined) => {
    if (!hasWarned) logger.warn({ peer }, 'a peer names a client without PROXY_SECRET, and is not believed');
    hasWarned = true;
  };
  return createMiddleware<AppEnv>(async (c, next) => {
    const startedAtMs = performance.now();
    const recordEnd = metrics.requests.begin();
    const peer = c.env.incoming.socket.remoteAddress;
    const said = { realIp: c.req.header('x-real-ip'), proxySecret: c.req.header('x-proxy-secret') };
    const client = findClientAddress(peer, said, proxySecrets());
    if (client.isUnproven) warnOfUnprovenProxy(peer);
    const givenId = c.req.header('x-request-id');
    // Only nginx may name a request: its retry of the same request carries the same id.
    const isNamed = client.isProxied && givenId !== undefined && requestIdPattern.test(givenId);
    const requestId = isNamed ? givenId : randomBytes(16).toString('hex');
    const givenSecret = c.req.header('x-request-secret') ?? '';
    const isSecretGiven = isNamed && requestSecretPattern.test(givenSecret);
    c.set('requestId', requestId);
    c.set('requestSecret', isSecretGiven ? givenSecret : randomBytes(16).toString('hex'));
    c.set('clientAddress', client.address);
    c.set('exactClientAddress', client.exactAddress);
    c.set('logger', logger.child({ requestId }));
    c.set('logFields', {});
    c.header('X-Request-ID', requestId);
    c.header('X-Replica', replicaId);
    if (isDraining()) c.header('Connection', 'close');

    const traceparent = client.isProxied ? c.req.header('traceparent') : undefined;
    const span = untracedPaths.has(c.req.path)
      ? undefined
      : tracing?.startRequest({ requestId, traceparent });
    await (span ? span.run(next) : next());

    const { method } = c.req;
    const route = routePath(c, -1);
    const status = c.res.status;
    const finish = () => {
      // Read now: a stream may fail long after its status went out.
      const errorCode = c.get('errorCode');
      recordEnd({ method, route, status, errorCode });
      span?.end({ method, route, status, errorCode });
      const durationMs = Math.round((performance.now() - startedAtMs) * 10) / 10;
      c.get('logger').info(
        { method, route, status, durationMs, errorCode, ...c.get('logFields') },
        'request',
      );
    };
    // A stream's line is written when the stream ends.
    const { outgoing } = c.env;
    if (outgoing.writableFinished || outgoing.destroyed) finish();
    else outgoing.once('close', finish);
  });
}
