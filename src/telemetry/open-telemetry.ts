import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode, parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { isDependencyError } from '../domain/errors.ts';
import type { RequestOrigin, SpanAttributes, Tracing } from './tracing.ts';

export interface OpenTelemetryOptions {
  /** Of an OTLP/HTTP collector, without `/v1/traces`. */
  endpoint: string;
  serviceName: string;
  version: string;
  replicaId: string;
  /** Share of the requests that is traced, 0 to 1; the same ones on all replicas. */
  sampledShare: number;
  /** Told when the collector takes no spans, and when it takes them again. */
  onStateChange: (isUp: boolean, cause?: unknown) => void;
}

/** Soon enough for whoever watches; the queue holds 2048 spans and drops what comes beyond. */
const exportIntervalMs = 1000;

/** Traces over OTLP/HTTP. This module is loaded only where a collector is configured. */
export function createOpenTelemetry(options: OpenTelemetryOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, '')}/v1/traces` });
  // The trace id decides, also below nginx, which has no opinion.
  const share = new TraceIdRatioBasedSampler(options.sampledShare);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.version,
      'service.instance.id': options.replicaId,
    }),
    sampler: new ParentBasedSampler({ root: share, remoteParentSampled: share }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: reportState(exporter, options.onStateChange),
        scheduledDelayMillis: exportIntervalMs,
      }),
    ],
  });
  const tracer = provider.getTracer('tum-chatbot');
  const current = new AsyncLocalStorage<Context>();

  return {
    startRequest(origin) {
      const span = tracer.startSpan(
        'request',
        {
          kind: SpanKind.SERVER,
          attributes: { 'http.request.header.x-request-id': [origin.requestId] },
        },
        contextOf(origin),
      );
      return {
        run: (work) => current.run(trace.setSpan(ROOT_CONTEXT, span), work),
        end({ method, route, status, errorCode }) {
          span.updateName(`${method} ${route}`);
          span.setAttributes({
            'http.request.method': method,
            'http.route': route,
            'http.response.status_code': status,
          });
          if (errorCode !== undefined) span.setAttribute('error.type', errorCode);
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },

    async trace(name, attributes, work, describe) {
      const parent = current.getStore();
      if (parent === undefined) return work();
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: known(attributes) }, parent);
      try {
        const result = await current.run(trace.setSpan(parent, span), work);
        if (describe) span.setAttributes(known(describe(result)));
        return result;
      } catch (error) {
        fail(span, nameOf(error));
        throw error;
      } finally {
        span.end();
      }
    },

    record(name, durationMs, attributes, failure) {
      const parent = current.getStore();
      if (parent === undefined) return;
      const endedAtMs = Date.now();
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.CLIENT, startTime: endedAtMs - durationMs, attributes: known(attributes) },
        parent,
      );
      if (failure !== undefined) fail(span, failure);
      span.end(endedAtMs);
    },

    annotate(attributes) {
      const context = current.getStore();
      if (context) trace.getSpan(context)?.setAttributes(known(attributes));
    },

    async close(limitMs) {
      const sent = provider.shutdown().catch(() => {
        // Told through onStateChange.
      });
      await Promise.race([sent, delay(limitMs)]);
    },
  };
}

/** nginx has no span of its own: the one that its request id names stands for it. */
function contextOf({ requestId, traceparent }: RequestOrigin): Context {
  const parent = (traceparent === undefined ? null : parseTraceParent(traceparent)) ?? {
    traceId: requestId,
    spanId: requestId.slice(0, 16),
    traceFlags: TraceFlags.SAMPLED,
  };
  // The SDK begins a new trace where an id is not of the right form.
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

const known = (attributes: SpanAttributes) => attributes as Attributes;

/** By its kind alone: a message may quote what somebody wrote. */
function nameOf(error: unknown): string {
  if (isDependencyError(error)) return error.reason;
  return error instanceof Error ? error.name : 'unknown';
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function reportState(
  exporter: SpanExporter,
  onStateChange: OpenTelemetryOptions['onStateChange'],
): SpanExporter {
  let isUp = true;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isSent = result.code === ExportResultCode.SUCCESS;
        if (isSent !== isUp) onStateChange(isSent, result.error);
        isUp = isSent;
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
