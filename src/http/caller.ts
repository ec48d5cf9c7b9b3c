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
  clientAddress: string;
  idempotencyKey: string | undefined;
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

/** The function throws AppError VALIDATION_ERROR when header and body name different sessions. */
export function createIdentifyCaller({
  sessionIds,
  sessionStore,
}: IdentifyCallerDependencies): IdentifyCaller {
  /** A request's tries have its id, so they make the same session; a retry with a key is told what the first try made. */
  async function createSession(userId: string, { requestId, clientAddress, idempotencyKey }: RequestMarks) {
    const sessionId = sessionIds.create(requestId);
    if (idempotencyKey === undefined) return sessionId;
    const purpose = `${userId}\n${clientAddress}\n${idempotencyKey}`;
    return sessionStore.agreeOnId(purpose, sessionId).catch((error: unknown) => {
      if (isDependencyError(error, 'redis')) return sessionId;
      throw error;
    });
  }

  return async (headers, bodySessionId, marks) => {
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
    return { userId, sessionId: isUsable ? wanted : await createSession(userId, marks) };
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
