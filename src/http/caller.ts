import { createKeyReusedError } from '../domain/chat/answer-question.ts';
import { AppError, isDependencyError } from '../domain/errors.ts';
import type { SessionIds } from '../domain/sessions/session-id.ts';
import type { SessionKey, SessionStore } from '../domain/sessions/session-store.ts';

export const anonymousUser = 'anonymous';

export interface CallerHeaders {
  'x-user-id'?: string | undefined;
  'x-session-id'?: string | undefined;
}

/** What a request and its retries have in common. */
export interface RequestMarks {
  requestId: string;
  requestSecret: string;
  /** Route and Idempotency-Key; its body's hash where no claim compares bodies. */
  idempotency: { route: string; key: string; bodyHash?: string } | undefined;
}

/** The caller with a session: the named one if it may be used, else a new one. */
export type IdentifyCaller = (
  headers: CallerHeaders,
  bodySessionId: string | null | undefined,
  marks: RequestMarks,
) => Promise<SessionKey>;

export interface IdentifyCallerDependencies {
  sessionIds: SessionIds;
  sessionStore: Pick<SessionStore, 'agreeOnId'>;
}

/** Versions whose bits are random: nobody guesses the key of somebody else. */
const randomUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * The function throws AppError VALIDATION_ERROR when header and body name different sessions, or a key that could be
 * guessed would open one; CONFLICT for a key that came with another body.
 */
export function createIdentifyCaller({
  sessionIds,
  sessionStore,
}: IdentifyCallerDependencies): IdentifyCaller {
  /** A retry with a key is told the session that the first try opened. */
  async function agree(key: SessionKey, purpose: string, bodyHash = ''): Promise<SessionKey> {
    const proposed = { sessionId: key.sessionId, bodyHash };
    const agreed = await sessionStore.agreeOnId(purpose, proposed, key.userId).catch((error: unknown) => {
      if (isDependencyError(error, 'redis')) return proposed;
      throw error;
    });
    if (agreed.bodyHash !== bodyHash) throw createKeyReusedError();
    return { ...key, sessionId: agreed.sessionId };
  }

  return async (headers, bodySessionId, { requestId, requestSecret, idempotency }) => {
    const headerSessionId = headers['x-session-id'];
    if (headerSessionId !== undefined && bodySessionId != null && headerSessionId !== bodySessionId) {
      throw refuseHeader('session_id', 'differs from the X-Session-ID header');
    }
    const userId = userOf(headers);
    const wanted = headerSessionId ?? bodySessionId ?? undefined;
    // Anyone can call themselves anonymous, so only ids that cannot be guessed may name an anonymous session.
    const isUsable = wanted !== undefined && (userId !== anonymousUser || sessionIds.isOurs(wanted));
    const sessionId = isUsable ? wanted : sessionIds.create(`${requestId}\n${requestSecret}`);
    if (idempotency === undefined) return { userId, sessionId };
    const { route, key, bodyHash } = idempotency;
    if (!isUsable && !randomUuid.test(key)) {
      throw refuseHeader('idempotency-key', 'must be a random UUID (version 4 or 7) without a session id');
    }
    if (isUsable && bodyHash === undefined) return { userId, sessionId };
    const purpose = [route, userId, isUsable ? wanted : '', key.toLowerCase()].join('\n');
    return agree({ userId, sessionId }, purpose, bodyHash);
  };
}

function refuseHeader(field: string, message: string): AppError {
  return new AppError('VALIDATION_ERROR', `${field}: ${message}.`, { details: [{ field, message }] });
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
