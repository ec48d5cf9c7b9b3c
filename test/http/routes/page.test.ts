import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPageRoutes } from '../../../src/http/routes/page.ts';
import { buildWeb } from '../../../src/web/build.mjs';

const embedder = 'https://www.example.org';
let directory: string;
let app: ReturnType<typeof createPageRoutes>;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'page-'));
  await buildWeb(directory);
  app = createPageRoutes({ assetsDirectory: directory, frameAncestors: [embedder] });
});

afterAll(() => rm(directory, { recursive: true }));

const assetAddresses = async () => {
  const html = await (await app.request('/')).text();
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => String(match[1]));
};

const policyOf = async (location: string) => {
  const response = await app.request(location);
  return response.headers.get('Content-Security-Policy') ?? '';
};

describe('the chat page', () => {
  test('has no inline script, style or handler, and loads nothing from elsewhere', async () => {
    const html = await (await app.request('/')).text();

    expect(html).not.toMatch(/<style|style=|\son\w+=|https?:\/\//);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)/);
    expect(html).not.toContain('{{');
  });

  test('may not be framed, and runs nothing but its own files', async () => {
    const policy = await policyOf('/');

    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:/);
  });

  test('is asked for anew each time, and costs nothing when it is the same', async () => {
    const first = await app.request('/');
    expect(first.headers.get('Cache-Control')).toBe('no-cache');

    const etag = first.headers.get('ETag') ?? '';
    const second = await app.request('/', { headers: { 'If-None-Match': `"other", ${etag}` } });
    expect(second.status).toBe(304);
    expect(await second.text()).toBe('');
  });

  test('loads at most 60 KB, by names that change with the content and stay cached', async () => {
    const addresses = await assetAddresses();
    expect(addresses.length).toBeGreaterThanOrEqual(4);

    let bytes = 0;
    for (const address of addresses) {
      const response = await app.request(address, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(response.status).toBe(200);
      expect(address).toMatch(/-[A-Z0-9]{8}\.\w+$/);
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
      bytes += (await response.arrayBuffer()).byteLength;
    }
    expect(bytes).toBeLessThan(60 * 1024);
  });

  test('is sent as the client can read it', async () => {
    const plain = await app.request('/widget.js');
    const packed = await app.request('/widget.js', { headers: { 'Accept-Encoding': 'br;q=0, gzip' } });

    expect(plain.headers.get('Content-Encoding')).toBeNull();
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(packed.headers.get('Vary')).toBe('Accept-Encoding');
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(await plain.text());
  });

  test('has no files but those of the build', async () => {
    for (const address of ['/assets/none.js', '/assets/..%2Findex.html', '/assets/%2e%2e%2fwidget.js']) {
      expect((await app.request(address)).status).toBe(404);
    }
  });
});

describe('the widget', () => {
  test('may be framed by our own pages and the configured origins alone', async () => {
    expect(await policyOf('/widget')).toContain(`frame-ancestors 'self' ${embedder};`);
    expect((await app.request('/widget')).headers.get('X-Frame-Options')).toBeNull();
  });

  test('has a script that any page may load under one lasting name', async () => {
    const response = await app.request('/widget.js');

    expect(response.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=3600');
  });
});
