import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import { operatorRateOf } from '../../domain/access/limit-policy.ts';
import type { LockOut } from '../../domain/access/lock-out.ts';
import type { RateLimiter } from '../../domain/access/rate-limiter.ts';
import { AppError } from '../../domain/errors.ts';
import type { AppEnv } from '../app-env.ts';
import { isSameSecret } from '../same-secret.ts';

export function readBearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

export interface AdminGuard {
  /** Two hold while one is rotated; without any, nobody is let in. */
  adminTokens: () => readonly string[];
  lockOut: Pick<LockOut, 'judge'>;
  limiter: Pick<RateLimiter, 'consume'>;
  /** One-way name of a token, for the audit table. */
  nameToken: (token: string) => string;
}

/**
 * Lets a request through that carries an operators' token. A wrong one locks its address out, for longer each time,
 * from right ones as well: else the lock would slow down nobody who guesses.
 */
export function requireAdmin({ adminTokens, lockOut, limiter, nameToken }: AdminGuard) {
  async function limit(address: string, requestId: string): Promise<void> {
    const rates = [operatorRateOf(address)];
    const decision = await limiter.consume({ requestId: `operator-${requestId}`, rates, places: [] });
    const resetMs = decision.rates[0]?.resetMs ?? 0;
    if (!decision.allowed) throw tooEarly('Too many requests with the operators’ token.', resetMs);
  }

  return createMiddleware<AppEnv>(async (c, next) => {
    const address = c.get('clientAddress');
    const given = readBearerToken(c.req.header('authorization'));
    if (given === undefined) throw unauthorized(c);
    await limit(address, c.get('requestId'));
    // All are looked at, so that time does not tell which one was nearly right.
    const isRight = adminTokens().filter((expected) => isSameSecret(given, expected)).length > 0;
    const verdict = await lockOut.judge(address, isRight);
    if (verdict.outcome === 'locked') {
      throw tooEarly('Wrong operators’ tokens came from this address.', verdict.lockedMs);
    }
    if (verdict.outcome === 'refused') {
      const { failures, lockedMs } = verdict;
      const route = `${c.req.method} ${routePath(c, -1)}`;
      c.get('logger').warn({ clientAddress: address, route, failures, lockedMs }, 'wrong operators’ token');
      throw unauthorized(c);
    }
    c.set('operator', nameToken(given));
    await next();
  });
}

function unauthorized(c: Context<AppEnv>): AppError {
  c.header('WWW-Authenticate', 'Bearer');
  return new AppError('UNAUTHORIZED', 'This needs the operators’ token: Authorization: Bearer ADMIN_TOKEN.');
}

function tooEarly(reason: string, waitMs: number): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `${reason} Please try again in ${retryAfterSeconds} seconds.`;
  return new AppError('RATE_LIMIT_EXCEEDED', message, { retryAfterSeconds });
}

/** Lets programs through that carry one of the clients' keys; while keys are undefined, all. */
export function requireClientKey(clientApiKeys: () => readonly string[] | undefined) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const keys = clientApiKeys();
    if (keys !== undefined) {
      const given = readBearerToken(c.req.header('authorization')) ?? '';
      // All keys are looked at, so that time does not tell which one was nearly right.
      const matches = keys.filter((key) => isSameSecret(given, key));
      if (matches.length === 0) {
        c.header('WWW-Authenticate', 'Bearer');
        throw new AppError('UNAUTHORIZED', 'This needs an API key: Authorization: Bearer KEY.');
      }
    }
    await next();
  });
}
