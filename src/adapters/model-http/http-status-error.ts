/** A reply that is an error, with its body as it came. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError';
  readonly status: number;
  readonly statusText: string;
  readonly body: string;
  /** The header Retry-After, when it gives seconds. */
  readonly retryAfterMs: number | undefined;
  /** The header Date, in milliseconds of the epoch. */
  readonly serverTime: number | undefined;

  constructor(
    status: number,
    statusText: string,
    body: string,
    headers: { 'retry-after'?: string | undefined; date?: string | undefined },
  ) {
    super(`HTTP ${status} ${statusText}`);
    this.status = status;
    this.statusText = statusText;
    this.body = body;
    const retryAfter = headers['retry-after'];
    this.retryAfterMs = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
    const serverTime = Date.parse(headers.date ?? '');
    this.serverTime = Number.isNaN(serverTime) ? undefined : serverTime;
  }
}
