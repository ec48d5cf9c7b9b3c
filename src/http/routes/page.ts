import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type Context, Hono } from 'hono';
import type { AppEnv } from '../app-env.ts';

export interface PageRoutesOptions {
  /** Where the build of `src/web` put `index.html`, `widget.html`, `widget.js` and `assets/`. */
  assetsDirectory: string;
  /** Origins whose pages may show the widget in a frame, besides our own; `*` allows all. */
  frameAncestors: readonly string[];
}

interface StaticFile {
  type: string;
  etag: string;
  bodies: { identity: Buffer; gzip: Buffer; br: Buffer };
}

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The chat page, the widget and what they load. Files are read and compressed once, on creation. */
export const createPageRoutes = ({ assetsDirectory, frameAncestors }: PageRoutesOptions): Hono<AppEnv> => {
  const file = (name: string) => readStaticFile(path.join(assetsDirectory, name));
  const page = file('index.html');
  const widgetPage = file('widget.html');
  const widgetScript = file('widget.js');
  const assets = new Map(
    readdirSync(path.join(assetsDirectory, 'assets')).map((name) => [name, file(path.join('assets', name))]),
  );

  const app = new Hono<AppEnv>();
  app.get('/', (context) =>
    sendFile(context, page, {
      ...documentHeaders("'none'"),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'X-Frame-Options': 'DENY',
    }),
  );
  app.get('/widget', (context) =>
    sendFile(context, widgetPage, documentHeaders(["'self'", ...frameAncestors].join(' '))),
  );
  app.get('/widget.js', (context) =>
    sendFile(context, widgetScript, {
      'Cache-Control': 'public, max-age=3600',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    }),
  );
  app.get('/assets/:name', (context) => {
    const asset = assets.get(context.req.param('name'));
    return asset === undefined
      ? context.notFound()
      : sendFile(context, asset, { 'Cache-Control': 'public, max-age=31536000, immutable' });
  });
  return app;
};

/**
 * Nothing but our own files is loaded, nothing inline runs, and Trusted Types with no policy at all make every
 * way from a string to HTML or script an error.
 */
const documentHeaders = (frameAncestors: string) => ({
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
});

const readStaticFile = (location: string): StaticFile => {
  const identity = readFileSync(location);
  const type = contentTypes[path.extname(location)];
  if (type === undefined) throw new Error(`No content type is known for ${path.basename(location)}.`);
  return {
    type,
    // Weak, because the compressed forms share it (RFC 9110, 8.8.1).
    etag: `W/"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`,
    bodies: {
      identity,
      gzip: gzipSync(identity, { level: constants.Z_BEST_COMPRESSION }),
      br: brotliCompressSync(identity),
    },
  };
};

const sendFile = (context: Context<AppEnv>, file: StaticFile, headers: Record<string, string>) => {
  const common = {
    ...headers,
    ETag: file.etag,
    Vary: 'Accept-Encoding',
  };
  if (hasTag(context.req.header('If-None-Match'), file.etag)) return context.body(null, 304, common);

  const encoding = chooseEncoding(context.req.header('Accept-Encoding'));
  const body = new Uint8Array(file.bodies[encoding]);
  return context.body(body, 200, {
    ...common,
    'Content-Type': file.type,
    'Content-Length': String(body.byteLength),
    ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
  });
};

const hasTag = (ifNoneMatch: string | undefined, etag: string) =>
  ifNoneMatch?.split(',').some((tag) => tag.trim() === etag) === true;

const chooseEncoding = (acceptEncoding = ''): keyof StaticFile['bodies'] => {
  const accepted = acceptEncoding
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part))
    .map((part) => part.split(';')[0]);
  if (accepted.includes('br')) return 'br';
  return accepted.includes('gzip') ? 'gzip' : 'identity';
};
