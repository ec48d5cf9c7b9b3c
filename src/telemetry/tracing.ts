export type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface RequestOrigin {
  requestId: string;
  /** W3C Trace Context of whoever stands between nginx and us; believed from there only. */
  traceparent: string | undefined;
}

export interface RequestSpan {
  /** Everything that this starts, also what outlives it, belongs to the request's trace. */
  run<T>(work: () => T): T;
  end(outcome: { method: string; route: string; status: number; errorCode: string | undefined }): void;
}

/**
 * Traces of requests. Attributes never hold what people write, nor ids of users or sessions; names follow
 * https://opentelemetry.io/docs/specs/semconv/ where it has one. Work outside of a request has no spans.
 */
export interface Tracing {
  /** The trace id is that of `traceparent`, else the request id if it is made as one (32 hexadecimal digits). */
  startRequest(origin: RequestOrigin): RequestSpan;
  /** Does the work within a span below the current one. */
  trace<T>(
    name: string,
    attributes: SpanAttributes,
    work: () => Promise<T>,
    describe?: (result: T) => SpanAttributes,
  ): Promise<T>;
  /** A span below the current one for what has just ended; `failure` names why it failed, if it did. */
  record(name: string, durationMs: number, attributes: SpanAttributes, failure?: string): void;
  /** Adds to the current span. */
  annotate(attributes: SpanAttributes): void;
  /** Sends what is held, `limitMs` at most. */
  close(limitMs: number): Promise<void>;
}

type AsyncMethod<Port> = {
  [Name in keyof Port]: Port[Name] extends (...input: never[]) => Promise<unknown> ? Name : never;
}[keyof Port] &
  string;

/** A decorator of ports: each call of one of `methods` is a span. Without tracing the port itself. */
export function createTracePort(tracing: Tracing | undefined) {
  return <Port extends object>(
    port: Port,
    { name, attributes }: { name: string; attributes: SpanAttributes },
    methods: readonly AsyncMethod<Port>[],
  ): Port => {
    if (tracing === undefined) return port;
    const traced = methods.map((method) => {
      // AsyncMethod admits nothing else.
      const call = port[method] as (...input: unknown[]) => Promise<unknown>;
      return [
        method,
        (...input: unknown[]) => tracing.trace(`${name} ${method}`, attributes, () => call(...input)),
      ];
    });
    return { ...port, ...Object.fromEntries(traced) };
  };
}
