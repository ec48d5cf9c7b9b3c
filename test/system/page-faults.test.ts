import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Hono } from 'hono';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createPageRoutes } from '../../src/http/routes/page.ts';
import { buildWeb } from '../../src/web/build.mjs';
import { createChatPage } from './chat-page.ts';
import { launchChromium, openPage } from './chromium.ts';
import { startWebServer, type WebServer } from './web-server.ts';

type Handler = (request: Request) => Response | Promise<Response>;

let browser: Browser;
let directory: string;
let service: WebServer;
/** What the service's API does in a test; `METHOD path` in the order of the calls. */
let respond: Handler;
let calls: { line: string; headers: Headers }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'page-faults-'));
  await buildWeb(directory);
  const app = new Hono();
  app.all('/api/*', (context) => {
    const { method, path: address, raw } = context.req;
    calls.push({ line: `${method} ${address}`, headers: raw.headers });
    return respond(raw);
  });
  app.route('/', createPageRoutes({ assetsDirectory: directory, frameAncestors: [] }));
  service = await startWebServer(app);
  browser = await launchChromium();
});

afterEach(() => {
  calls = [];
});

afterAll(async () => {
  await browser.close();
  await service[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const event = (type: string, data: unknown, id: string) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

const replyOf = (response: string, more: Record<string, unknown> = {}) => ({
  request_id: 'request-1',
  session_id: 'session-1',
  response,
  sources: [],
  confidence: 'high',
  answered_by: 'model',
  ...more,
});

const answerOf = (text: string, more?: Record<string, unknown>) =>
  event('delta', { text }, `g-${text.length}`) + event('done', replyOf(text, more), `g-${text.length}`);

/** An event stream that ends there, or says no more. */
const streamOf = (text: string, end: 'closes' | 'stays' = 'closes') =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        if (end === 'closes') controller.close();
      },
    }),
    { headers: { 'Content-Type': 'text/event-stream', 'X-Request-ID': 'request-1' } },
  );

const isAsking = (request: Request) => request.method === 'POST' && request.url.endsWith('/api/chat');
const beginning = event('delta', { text: 'The library ' }, 'g-12');
const rest =
  event('delta', { text: 'opens at 8.' }, 'g-23') + event('done', replyOf('The library opens at 8.'), 'g-23');

describe('the chat page', () => {
  test('goes on by itself where a broken connection left it', async () => {
    respond = (request) => (isAsking(request) ? streamOf(beginning, 'stays') : streamOf(rest));
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);

    await chat.ask('When does the library open?');
    await chat.answer.getByText('The library').waitFor();
    service.dropConnections();
    await chat.settled();

    expect(await chat.answer.textContent()).toBe('The library opens at 8.');
    expect(calls[1]?.line).toBe('GET /api/chat/request-1/stream');
    expect(calls[1]?.headers.get('Last-Event-ID')).toBe('g-12');
    for (const name of ['X-User-ID', 'X-Session-ID']) {
      expect(calls[1]?.headers.get(name)).toBe(calls[0]?.headers.get(name));
    }
  });

  test('goes on with an answer that a reload interrupted', async () => {
    respond = (request) => {
      if (isAsking(request)) return streamOf(beginning, 'stays');
      return request.url.endsWith('/history') ? Response.json({ turns: [] }) : streamOf(beginning + rest);
    };
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);
    await chat.ask('When does the library open?');
    await chat.answer.getByText('The library').waitFor();

    await opened.page.reload();
    await chat.settled();

    expect(await chat.turns.count()).toBe(1);
    expect(await chat.answer.textContent()).toBe('The library opens at 8.');
    expect(calls.filter(({ line }) => line === 'POST /api/chat')).toHaveLength(1);
  });

  test('stops an answer on the service too, and keeps what was written', async () => {
    respond = (request) => (isAsking(request) ? streamOf(beginning, 'stays') : Response.json({}));
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);
    await chat.ask('When does the library open?');
    await chat.answer.getByText('The library').waitFor();

    await chat.stop.click();
    await chat.settled();

    expect(await chat.answer.textContent()).toBe('The library ');
    expect(await chat.notice.textContent()).toBe('You stopped this answer.');
    await expect.poll(() => calls.at(-1)?.line).toBe('POST /api/chat/request-1/stop');
  });

  test('shows what a model writes as text: no element, handler or address of its making comes alive', async () => {
    const attack = [
      'Hi <img src=x onerror="window.harmed=1"><script>window.harmed=1</script>',
      '<svg onload="window.harmed=1"></svg>',
      '[a](javascript:window.harmed=1) [b](data:text/html,<script>1</script>) [c](JaVaScRiPt:alert(1))',
      '![d](https://elsewhere.example/pixel.png) <https://www.tum.de/> [e](vbscript:x) [f](//elsewhere.example)',
      '<iframe src="https://elsewhere.example"></iframe>',
      '<div onclick="window.harmed=1">\n\ninside\n\n</div>',
      '`<img src=x onerror=window.harmed=1>`',
    ].join('\n\n');
    const source = { id: '1', category: 'Web', similarity: 1, question: '<b onclick=x>bold</b>' };
    const sources = [{ ...source, url: 'javascript:window.harmed=1' }];
    respond = () => streamOf(event('sources', sources, 'g-0') + answerOf(attack, { sources }));
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    const requested: string[] = [];
    opened.page.on('request', (request) => requested.push(request.url()));
    await opened.page.goto(service.origin);

    await chat.ask('Attack!');
    await chat.settled();

    const links = await chat.lastTurn.locator('a').evaluateAll((nodes) => nodes.map((node) => node.href));
    expect(links).toEqual(['https://elsewhere.example/pixel.png', 'https://www.tum.de/']);
    expect(await chat.lastTurn.locator('img, script, iframe, object, [onclick], [onload]').count()).toBe(0);
    expect(await opened.page.evaluate('window.harmed')).toBeUndefined();
    expect(requested.filter((url) => !url.startsWith(service.origin))).toEqual([]);
    expect(opened.problems).toEqual([]);
    expect(await chat.answer.textContent()).toContain('<script>window.harmed=1</script>');
  });

  test('says when to come back after too many questions', async () => {
    respond = () =>
      Response.json(
        { error: 'Too many requests.', code: 'RATE_LIMIT_EXCEEDED', status_code: 429 },
        { status: 429, headers: { 'Retry-After': '600' } },
      );
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);

    await chat.ask('Again?');
    await chat.settled();

    expect(await chat.notice.textContent()).toMatch(
      /^You have asked many questions\. You can go on at \d\d:\d\d\.$/,
    );
  });

  test('offers another try after a failure, and answers in place', async () => {
    const failure = { error: 'No.', code: 'INTERNAL_ERROR', status_code: 500 };
    respond = () => streamOf(event('error', failure, 'g-0'));
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);
    await chat.ask('When does the library open?');
    await chat.settled();
    expect(await chat.notice.textContent()).toContain('Something went wrong');

    respond = () => streamOf(answerOf('At 8.'));
    await chat.lastTurn.getByRole('button', { name: 'Try again' }).click();
    await chat.answer.getByText('At 8.').waitFor();

    expect(await chat.turns.count()).toBe(1);
    expect(calls[1]?.headers.get('Idempotency-Key')).not.toBe(calls[0]?.headers.get('Idempotency-Key'));
  });

  test('says plainly when the knowledge base answers, and when it knows nothing', async () => {
    respond = () => streamOf(answerOf('Word for word.', { answered_by: 'knowledge_base' }));
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);
    await chat.ask('Where?');
    await chat.settled();
    expect(await chat.notice.textContent()).toContain('The language model is away');

    respond = () => streamOf(answerOf('I do not know.', { confidence: 'none' }));
    await chat.ask('Why?');
    await chat.settled();
    expect(await chat.notice.textContent()).toContain('has no answer to this question');
  });

  test('has a screen reader say an answer once, when it is whole', async () => {
    respond = () => streamOf(beginning + rest);
    await using opened = await openPage(browser);
    const chat = createChatPage(opened.page);
    await opened.page.goto(service.origin);
    await opened.page.evaluate(`
      window.said = [];
      const region = document.querySelector('[role=status]');
      new MutationObserver(() => region.textContent && said.push(region.textContent))
        .observe(region, { childList: true });
    `);

    await chat.ask('When does the library open?');
    await chat.settled();

    await expect
      .poll(() => opened.page.evaluate('window.said.filter((text) => text.includes("8."))'))
      .toEqual(['The answer is ready. The library opens at 8.']);
  });
});
