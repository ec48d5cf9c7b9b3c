import { createHash, timingSafeEqual } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import { AppError } from '../../domain/errors.ts';
import type { AppEnv } from '../app-env.ts';

/** Compares in constant time, whatever the lengths. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

export function readBearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** Lets a request through that carries an operators' token (two hold while one is rotated); without any, none. */
export function requireAdmin(adminTokens: () => readonly string[]) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const given = readBearerToken(c.req.header('authorization'));
    if (given === undefined || !adminTokens().some((expected) => isSameSecret(given, expected))) {
      c.header('WWW-Authenticate', 'Bearer');
      throw new AppError(
        'UNAUTHORIZED',
        'This needs the operators’ token: Authorization: Bearer ADMIN_TOKEN.',
      );
    }
    await next();
  });
}

/** Lets programs through that carry one of the clients' keys; without configured keys, all. */
export function requireClientKey(clientApiKeys: (() => readonly string[]) | undefined) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const keys = clientApiKeys?.() ?? [];
    if (keys.length > 0) {
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
