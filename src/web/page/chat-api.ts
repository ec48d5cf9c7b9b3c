export interface Source {
  id: string;
  question: string;
  category: string;
  url: string | null;
  similarity: number;
}

/** The body of a finished answer, as far as the page shows it. */
export interface ChatReply {
  request_id: string;
  session_id: string;
  response: string;
  sources: Source[];
  confidence: 'high' | 'low' | 'none';
  answered_by: 'model' | 'knowledge_base';
}

export interface HistoryTurn {
  question: string;
  answer: string;
  request_id: string;
}

export type Rating = 'up' | 'down';

/** The service said no. Everything that is not an answer of the service stays the error that `fetch` threw. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Reads the JSON error body that the service and nginx write; anything else keeps its status. */
export const parseServiceError = async (response: Response): Promise<ServiceError> => {
  const body: unknown = await response.json().catch(() => undefined);
  const message = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : '';
  const retryAfterSeconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return new ServiceError(
    response.status,
    message,
    Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : undefined,
  );
};

/** Who asks, on every call. */
export type CallerHeaders = () => { 'X-User-ID': string; 'X-Session-ID': string };

export interface ChatApiDependencies {
  fetch: typeof fetch;
  callerHeaders: CallerHeaders;
}

export type ChatApi = ReturnType<typeof createChatApi>;

/** The calls of the page that are not streams. @throws ServiceError when the service refuses. */
export const createChatApi = ({ fetch, callerHeaders }: ChatApiDependencies) => {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(path, {
      method,
      headers: {
        ...callerHeaders(),
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw await parseServiceError(response);
    return response.json();
  };

  return {
    async history(sessionId: string): Promise<HistoryTurn[]> {
      const body = (await call('GET', `/api/session/${encodeURIComponent(sessionId)}/history`)) as {
        turns: HistoryTurn[];
      };
      return body.turns;
    },
    async endSession(sessionId: string): Promise<void> {
      await call('DELETE', `/api/session/${encodeURIComponent(sessionId)}`);
    },
    async stop(requestId: string): Promise<void> {
      await call('POST', `/api/chat/${encodeURIComponent(requestId)}/stop`);
    },
    async sendFeedback(requestId: string, rating: Rating, comment?: string): Promise<void> {
      await call('POST', '/api/feedback', {
        request_id: requestId,
        rating,
        ...(comment === undefined ? {} : { comment }),
      });
    },
  };
};
