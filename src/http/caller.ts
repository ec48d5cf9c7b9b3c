import { AppError } from '../domain/errors.ts';
import type { SessionKey } from '../domain/ports/session-store.ts';
import type { SessionIds } from '../domain/sessions/session-id.ts';

export const anonymousUser = 'anonymous';

export interface CallerHeaders {
  'x-user-id'?: string | undefined;
  'x-session-id'?: string | undefined;
}

/** The caller with a session: the named one if it may be used, else a new one made of `seed`. */
export type IdentifyCaller = (
  headers: CallerHeaders,
  bodySessionId: string | null | undefined,
  seed: string,
) => SessionKey;

/** @throws AppError VALIDATION_ERROR when header and body name different sessions. */
export function createIdentifyCaller(sessionIds: SessionIds): IdentifyCaller {
  return (headers, bodySessionId, seed) => {
    const headerSessionId = headers['x-session-id'];
    if (headerSessionId !== undefined && bodySessionId != null && headerSessionId !== bodySessionId) {
      throw new AppError('VALIDATION_ERROR', 'session_id differs from the X-Session-ID header.', {
        details: [{ field: 'session_id', message: 'differs from the X-Session-ID header' }],
      });
    }
    const userId = userOf(headers);
    const wanted = headerSessionId ?? bodySessionId ?? undefined;
    // Anyone can call themselves anonymous, so only ids that cannot be guessed may name an anonymous session.
    const isUsable = wanted !== undefined && (userId !== anonymousUser || sessionIds.isOurs(wanted));
    return { userId, sessionId: isUsable ? wanted : sessionIds.create(`${userId}\n${seed}`) };
  };
}

export function userOf(headers: CallerHeaders): string {
  return headers['x-user-id'] ?? anonymousUser;
}

/** The pair that replies, histories and ratings are found by. @throws AppError VALIDATION_ERROR without a session. */
export function callerWithSession(headers: CallerHeaders): SessionKey {
  const sessionId = headers['x-session-id'];
  if (sessionId === undefined) {
    throw new AppError('VALIDATION_ERROR', 'The X-Session-ID header is missing.', {
      details: [{ field: 'x-session-id', message: 'is missing' }],
    });
  }
  return { userId: userOf(headers), sessionId };
}
