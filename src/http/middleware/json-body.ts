import { isUtf8 } from 'node:buffer';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { matchedRoutes } from 'hono/route';
import { METHOD_NAME_ALL } from 'hono/router';
import { AppError } from '../../domain/errors.ts';
import type { AppEnv } from '../app-env.ts';

/** 64 KiB; nginx refuses larger bodies before us. */
const maxBodyBytes = 64 * 1024;

export const limitBody = () =>
  bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new AppError('PAYLOAD_TOO_LARGE', 'The request body is larger than 64 KiB.');
    },
  });

/** Refuses bodies of another type than JSON, or another encoding than UTF-8, before a schema looks at them. */
export const requireJson = () =>
  createMiddleware<AppEnv>(async (c, next) => {
    const { method } = c.req;
    // An address or method that nobody answers is refused as that.
    const isAnswered = matchedRoutes(c).some((route) => route.method !== METHOD_NAME_ALL);
    const hasBody =
      c.req.header('transfer-encoding') !== undefined || Number(c.req.header('content-length') ?? 0) > 0;
    if (isAnswered && hasBody && (method === 'POST' || method === 'PUT' || method === 'PATCH')) {
      const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (type !== 'application/json') {
        throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the request body as application/json.');
      }
      // JSON.parse would read other bytes as U+FFFD, and answer a question that nobody asked.
      if (!isUtf8(await c.req.arrayBuffer())) {
        throw new AppError('VALIDATION_ERROR', 'The request body is not UTF-8.');
      }
    }
    await next();
  });
