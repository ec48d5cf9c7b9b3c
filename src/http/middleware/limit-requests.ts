import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { LimitPolicy } from '../../domain/access/limit-policy.ts';
import type {
  PlaceRule,
  RateLimitDecision,
  RateLimiter,
  RateState,
} from '../../domain/access/rate-limiter.ts';
import { AppError } from '../../domain/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { AppEnv } from '../app-env.ts';
import { anonymousUser } from '../caller.ts';
import type { PassEmergency } from '../emergency-passage.ts';

export interface LimitRequestsDependencies {
  limiter: Pick<RateLimiter, 'consume' | 'refund' | 'release'>;
  policy: LimitPolicy;
  /** One-way name of a user, for keys. */
  nameUser: (userId: string) => string;
  metrics: Pick<Metrics, 'requests'>;
  passEmergency: PassEmergency;
}

/** What is counted: whether an answer is written, for which a place is taken. All else costs no look into a store. */
const limitedRoutes: ReadonlyMap<string, 'answer' | 'other'> = new Map([
  ['POST /api/chat', 'answer'],
  ['POST /v1/chat/completions', 'answer'],
  ['POST /api/search', 'other'],
  ['POST /api/session/start', 'other'],
  ['POST /api/feedback', 'other'],
]);

/** An answer takes seconds; a place is likely to be free after these. */
const placeRetrySeconds = 3;

/**
 * Counts a request against its client's limits before anything looks at what it says; one that is refused for that
 * (4xx) is then counted with its like. Answers hold their place until they are written and sent.
 */
export function limitRequests({
  limiter,
  policy,
  nameUser,
  metrics,
  passEmergency,
}: LimitRequestsDependencies) {
  async function placesOf(c: Context<AppEnv>): Promise<PlaceRule[]> {
    const user = c.req.header('x-user-id') || (await readNamedUser(c)) || anonymousUser;
    // Whoever gives no name is nobody, and only the address counts: sessions are made at will.
    return policy.placesOf(c.get('clientAddress'), user === anonymousUser ? undefined : nameUser(user));
  }

  function refuse(decision: RateLimitDecision): never {
    metrics.requests.recordRateLimited(decision.degraded);
    const exceeded = decision.rates.filter(({ isExceeded }) => isExceeded);
    if (exceeded.length > 0) throw rateExceeded(longestWait(exceeded));
    throw placesTaken(decision.fullPlaces[0]);
  }

  return createMiddleware<AppEnv>(async (c, next) => {
    const kind = limitedRoutes.get(`${c.req.method} ${c.req.path}`);
    if (kind === undefined) return next();
    const [address, requestId] = [c.get('clientAddress'), c.get('requestId')];
    const decision = await limiter.consume({
      requestId,
      rates: policy.ratesOf(address),
      places: kind === 'answer' ? await placesOf(c) : [],
    });
    writeHeaders(c, decision);
    if (!decision.allowed) {
      if (kind === 'answer' && (await passEmergency(c))) return next();
      refuse(decision);
    }

    const underWay: Promise<unknown>[] = [];
    c.set('keepPlaces', (until) => underWay.push(until));
    await next();
    if (kind === 'answer') {
      void sent(c)
        .then(() => Promise.all(underWay))
        .then(() => limiter.release(requestId));
    }
    if (c.res.status >= 400 && c.res.status < 500) {
      writeHeaders(c, await limiter.refund(decision, policy.refusedRateOf(address)));
    }
  });
}

/** The end user of a program that asks for many, as OpenAI's API names one. */
async function readNamedUser(c: Context<AppEnv>): Promise<string | undefined> {
  if (!c.req.path.startsWith('/v1/')) return undefined;
  const body: unknown = await c.req.json().catch(() => undefined);
  const user = body && typeof body === 'object' && 'user' in body ? body.user : undefined;
  return typeof user === 'string' && user !== '' ? user : undefined;
}

async function sent(c: Context<AppEnv>): Promise<void> {
  const { outgoing } = c.env;
  if (outgoing.writableFinished || outgoing.destroyed) return;
  await new Promise<void>((resolve) => outgoing.once('close', resolve));
}

const longestWait = (states: readonly RateState[]) =>
  states.reduce((longest, state) => (state.resetMs > longest.resetMs ? state : longest));

function rateExceeded({ rule, resetMs }: RateState): AppError {
  const retryAfterSeconds = toSeconds(resetMs);
  const what = rule.scope === 'refused' ? 'requests that could not be understood' : 'questions';
  return new AppError(
    'RATE_LIMIT_EXCEEDED',
    `Too many ${what} from your network. Please try again in ${describeWait(retryAfterSeconds)}.`,
    { retryAfterSeconds, details: { limit: rule.limit, window_seconds: rule.windowSeconds } },
  );
}

function placesTaken(place: PlaceRule | undefined): AppError {
  const message =
    place?.scope === 'user'
      ? 'Several of your questions are being answered already. Please ask again when one of the answers is there.'
      : 'Many questions from your network are being answered at the moment. Please try again in a few seconds.';
  return new AppError('RATE_LIMIT_EXCEEDED', message, {
    retryAfterSeconds: placeRetrySeconds,
    details: { concurrent_limit: place?.limit },
  });
}

/** X-RateLimit-* as clients know them, and the fields of draft-ietf-httpapi-ratelimit-headers-11, for the rule that binds. */
function writeHeaders(c: Context<AppEnv>, { rates }: RateLimitDecision): void {
  const exceeded = rates.filter(({ isExceeded }) => isExceeded);
  const used = rates.filter(({ rule }) => rule.scope !== 'refused');
  const { rule, remaining, resetMs } =
    exceeded.length > 0
      ? longestWait(exceeded)
      : used.reduce((least, state) => (state.remaining < least.remaining ? state : least));
  const name = rule.scope === 'address' ? 'default' : rule.scope;
  c.header('X-RateLimit-Limit', String(rule.limit));
  c.header('X-RateLimit-Remaining', String(remaining));
  c.header('X-RateLimit-Reset', String(Math.ceil((Date.now() + resetMs) / 1000)));
  c.header('RateLimit', `"${name}";r=${remaining};t=${toSeconds(resetMs)}`);
  c.header('RateLimit-Policy', `"${name}";q=${rule.limit};w=${rule.windowSeconds}`);
}

const toSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

function describeWait(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
