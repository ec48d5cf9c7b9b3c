import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
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

/** Refuses bodies of another type than JSON, before a schema looks at them. */
export const requireJson = () =>
  createMiddleware<AppEnv>(async (c, next) => {
    const { method } = c.req;
    const hasBody =
      c.req.header('transfer-encoding') !== undefined || Number(c.req.header('content-length') ?? 0) > 0;
    if (hasBody && (method === 'POST' || method === 'PUT' || method === 'PATCH')) {
      const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (type !== 'application/json') {
        throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the request body as application/json.');
      }
    }
    await next();
  });
