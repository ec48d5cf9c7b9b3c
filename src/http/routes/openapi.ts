import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { Scalar } from '@scalar/hono-api-reference';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../app-env.ts';

const documentPath = '/openapi.json';
const openApiVersion = '3.1.0';

const info = {
  title: 'TUM Chatbot Backend',
  description:
    'Answers questions about the Technical University of Munich from its knowledge base, in English and German.\n\n' +
    'Success bodies carry `request_id` and `timestamp`. Every reply has the headers `X-Request-ID` and `X-Replica`; ' +
    'replies to limited requests also `X-RateLimit-Limit`, `-Remaining`, `-Reset`, `RateLimit` and `RateLimit-Policy`. ' +
    '`X-User-ID` and `X-Session-ID` name the caller. Below `/v1` everything, errors too, has the format of OpenAI’s API.',
  license: { name: 'MIT', identifier: 'MIT' },
};

const tags = [
  { name: 'chat', description: 'Questions and answers.' },
  { name: 'session', description: 'Conversations that the service remembers.' },
  { name: 'feedback', description: 'Ratings of answers.' },
  { name: 'openai', description: 'The same answers for clients of OpenAI’s API.' },
  { name: 'search', description: 'The retrieval alone. In production for operators.' },
  { name: 'statistics', description: 'Usage and speed. In production for operators.' },
  { name: 'admin', description: 'For operators, with their token.' },
  { name: 'health', description: 'For orchestrators and monitoring.' },
];

export interface OpenApiRoutesOptions {
  /** Describes the whole app; its routes may be added later than these. */
  app: OpenAPIHono<AppEnv>;
  version: string;
  /** Where the build put the script of the reference page, under a name that changes with it. */
  referenceDirectory: string;
}

/** The description of every route, made from the schemas that validate, and a page to read and try it. */
export function createOpenApiRoutes({ app, version, referenceDirectory }: OpenApiRoutesOptions) {
  const routes = new OpenAPIHono<AppEnv>();
  const script = findScript(referenceDirectory);
  routes.openAPIRegistry.registerComponent('securitySchemes', 'operator', {
    type: 'http',
    scheme: 'bearer',
    description: 'ADMIN_TOKEN of the service.',
  });
  routes.openAPIRegistry.registerComponent('securitySchemes', 'clientKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'One of CLIENT_API_KEYS, if the service asks for a key at all.',
  });

  const documentRoute = createRoute({
    method: 'get',
    path: documentPath,
    tags: ['health'],
    summary: 'This description',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: z.object({ openapi: z.literal(openApiVersion) }) } },
      },
    },
  });
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: openApiVersion,
      info: { ...info, version },
      servers: [{ url: '/' }],
      tags,
    });
  let document: ReturnType<typeof describe> | undefined;
  routes.openapi(documentRoute, (c) => {
    document ??= describe();
    c.header('Cache-Control', 'no-cache');
    return c.json({ ...document, openapi: openApiVersion }, 200);
  });

  routes.get(
    '/docs',
    restrictPage,
    Scalar({
      pageTitle: info.title,
      url: documentPath,
      cdn: `/assets/${script}`,
      // None: without a word on it browsers look for one at /favicon.ico.
      favicon: 'data:,',
      // Nothing may come from or go to another host.
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
    }),
  );

  // Among the assets, which nginx finds on either release during an update.
  routes.get(`/assets/${script}`, async (c) =>
    c.body(new Uint8Array(await readFile(path.join(referenceDirectory, script))), 200, {
      'Cache-Control': 'public, max-age=31536000, immutable',
      'Content-Type': 'text/javascript; charset=utf-8',
    }),
  );
  return routes;
}

function findScript(directory: string): string {
  const script = readdirSync(directory).find((name) => name.endsWith('.js'));
  if (script === undefined) throw new Error('The script of the API reference was not built.');
  return script;
}

/** Only our own script and the page's own start of it run; styles are set by that script, so they may be inline. */
const restrictPage = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const html = await c.res.clone().text();
  const inlineScripts = [...html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  const hashes = inlineScripts.map(
    ([, code = '']) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`,
  );
  c.header(
    'Content-Security-Policy',
    [
      "default-src 'none'",
      `script-src 'self' ${hashes.join(' ')}`,
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  );
  c.header('Cache-Control', 'no-cache');
  c.header('X-Frame-Options', 'DENY');
});
