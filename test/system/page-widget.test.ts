import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Hono } from 'hono';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPageRoutes } from '../../src/http/routes/page.ts';
import { buildWeb } from '../../src/web/build.mjs';
import { launchChromium, openPage } from './chromium.ts';
import { startWebServer, type WebServer } from './web-server.ts';

let browser: Browser;
let directory: string;
let embedder: WebServer;
let stranger: WebServer;
let service: WebServer;

/** A page with the one-line embed, styles that hit everything, and a policy that allows as little as it can. */
const embeddingPage = () => {
  const app = new Hono();
  app.get('/', (context) =>
    context.html(
      `<!doctype html><html lang="de"><title>Embedding page</title>
       <style>* { color: red !important; font-size: 40px } button, iframe { display: none !important }</style>
       <h1>Page</h1><a href="#top">A link</a>
       <script src="${service.origin}/widget.js" async></script></html>`,
      200,
      {
        'Content-Security-Policy': [
          "default-src 'none'",
          "style-src 'unsafe-inline'",
          `script-src ${service.origin}`,
          `frame-src ${service.origin}`,
          "require-trusted-types-for 'script'",
        ].join('; '),
      },
    ),
  );
  app.get('/frames', (context) =>
    context.html(`<iframe name="page" src="${service.origin}/"></iframe>
                  <iframe name="widget" src="${service.origin}/widget"></iframe>`),
  );
  return app;
};

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'widget-'));
  await buildWeb(directory);
  embedder = await startWebServer(embeddingPage());
  stranger = await startWebServer(embeddingPage());
  const routes = createPageRoutes({ assetsDirectory: directory, frameAncestors: [embedder.origin] });
  service = await startWebServer(routes);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await Promise.all([embedder, stranger, service].map((server) => server[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true });
});

/** The frames of a page that really show something of the service. */
const shownFrames = async (page: Page) => {
  const shown: string[] = [];
  for (const frame of page.frames().filter((frame) => frame.parentFrame() !== null)) {
    if ((await frame.locator('#message').count()) > 0) shown.push(frame.name());
  }
  return shown;
};

describe('the widget', () => {
  test('opens, takes the focus and closes by keyboard alone, on a page with a strict policy', async () => {
    await using opened = await openPage(browser);
    const { page, problems } = opened;
    await page.goto(embedder.origin);
    await page.locator('tum-chat').waitFor();

    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.frames().length).toBe(2);
    const frame = page.frames()[1];
    await frame?.locator('#message:focus').waitFor();
    expect(await frame?.locator('h1').textContent()).toBe('TUM-Chatbot');

    await page.keyboard.press('Escape');
    await page.locator('tum-chat:not(.open)').waitFor();
    expect(await page.evaluate('document.activeElement.localName')).toBe('tum-chat');

    await page.keyboard.press('Enter');
    await frame?.locator('#message:focus').waitFor();
    expect(problems).toEqual([]);
  });

  test('looks the same whatever the styles of the embedding page', async () => {
    await using opened = await openPage(browser);
    await opened.page.goto(embedder.origin);
    const box = await opened.page.locator('tum-chat').boundingBox();

    expect(box).toMatchObject({ width: 56, height: 56 });
    expect(await opened.page.evaluate(`getComputedStyle(document.querySelector('a')).color`)).toBe(
      'rgb(255, 0, 0)',
    );
  });

  test('is shown by the configured origins only, and the chat page by none', async () => {
    await using opened = await openPage(browser);
    const { page } = opened;

    await page.goto(`${embedder.origin}/frames`, { waitUntil: 'load' });
    expect(await shownFrames(page)).toEqual(['widget']);

    await page.goto(`${stranger.origin}/frames`, { waitUntil: 'load' });
    expect(await shownFrames(page)).toEqual([]);
  });
});
