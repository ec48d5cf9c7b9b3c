import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { createChatPage } from './chat-page.ts';
import { launchChromium, openPage } from './chromium.ts';
import { startTestStack, type TestStack } from './stack.ts';

const question = 'How do I configure eduroam on Windows?';
const answer = `Use the **eduroam CAT** installer:\n\n1. Download it from [the service](https://cat.eduroam.org).
2. Sign in with your TUM-ID.\n\n| System | Installer |\n|---|---|\n| Windows | yes |\n\n${'It takes a minute. '.repeat(20)}`;
const words = 'It takes a minute.';

let stack: TestStack;
let gemini: GeminiServer;
let browser: Browser;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
  browser = await launchChromium();
});

beforeEach(() => {
  gemini.setScript({ text: answer, chunks: 20, chunkDelayMs: 40 });
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await gemini?.close();
});

/** The page as it opens; what lies outside is answered here, so that no test leaves this machine. */
const openChat = async (options?: BrowserContextOptions) => {
  const opened = await openPage(browser, options);
  await opened.page
    .context()
    .route(/^https?:\/\/(?!127\.0\.0\.1|localhost)/, (route) =>
      route.fulfill({ body: 'A page elsewhere', contentType: 'text/html' }),
    );
  await opened.page.goto(stack.nginx.httpsUrl);
  return { ...opened, chat: createChatPage(opened.page) };
};

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The rules that the page breaks, with the elements that break them. */
const accessibilityViolations = async (page: Page) =>
  page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html)))`,
  );

describe('a person on the chat page', () => {
  test('asks, sees the text grow, opens a source, rates it, and finds it all after a reload', async () => {
    await using opened = await openChat();
    const { page, chat } = opened;

    await chat.ask(question);
    await chat.answer.getByText('eduroam CAT').waitFor();
    const early = (await chat.answer.textContent()) ?? '';
    await chat.settled();
    const whole = (await chat.answer.textContent()) ?? '';
    expect(early.length).toBeLessThan(whole.length);
    expect(whole.split(words)).toHaveLength(21);

    const link = chat.sources.first();
    const address = await link.getAttribute('href');
    const [source] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await source.waitForLoadState();
    expect(source.url()).toBe(address);
    expect(await source.evaluate('window.opener')).toBeNull();
    await source.close();

    const kept = page.waitForResponse('**/api/feedback');
    await chat.thumb('Helpful').click();
    expect((await kept).status()).toBe(200);
    await chat.lastTurn.getByRole('textbox').fill('Just what I needed.');
    const commented = page.waitForResponse('**/api/feedback');
    await chat.lastTurn.getByRole('button', { name: 'Send comment' }).click();
    expect((await commented).status()).toBe(200);
    await chat.lastTurn.getByText('Thank you for your feedback.').waitFor();

    await page.reload();
    await chat.settled();
    expect(await chat.turns.count()).toBe(1);
    expect(await chat.lastTurn.locator('.question p').textContent()).toBe(question);
    expect(await chat.answer.textContent()).toBe(whole);
    expect(await chat.sources.first().getAttribute('href')).toBe(address);
    expect(opened.problems).toEqual([]);
  });

  test('goes on in German, in the same conversation, and starts over', async () => {
    await using opened = await openChat();
    const { page, chat } = opened;
    await chat.ask(question);
    await chat.settled();

    await page.getByRole('button', { name: /Deutsch/ }).click();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await chat.lastTurn.getByRole('button', { name: 'Hilfreich', exact: true }).waitFor();
    await chat.ask('Und auf dem Handy?');
    await chat.settled();
    expect(await chat.turns.count()).toBe(2);
    expect(gemini.calls().at(-1)?.body).toMatchObject({ contents: { length: 3 } });

    const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await chat.newConversation.click();
    expect((await ended).status()).toBe(200);
    expect(await chat.turns.count()).toBe(0);
    await page.reload();
    await page.getByRole('heading', { name: 'Was möchten Sie wissen?' }).waitFor();
  });

  test('gets the whole answer, once, when the replica that writes it is killed', async () => {
    gemini.setScript({ text: answer, chunks: 40, chunkDelayMs: 100 });
    await using opened = await openChat();
    const { page, chat } = opened;

    const responding = page.waitForResponse('**/api/chat');
    await chat.ask('What do I need for eduroam on Windows, step by step?');
    const replicaId = (await responding).headers()['x-replica'];
    await chat.answer.getByText('eduroam CAT').waitFor();
    await stack
      .replicas()
      .find(({ name }) => name === replicaId)
      ?.kill();
    await chat.settled();

    expect((await chat.answer.textContent())?.split(words)).toHaveLength(21);
    await page.reload();
    await chat.settled();
    expect(await chat.turns.count()).toBe(1);
  });

  test('is told when the model is away and the knowledge base answers', async () => {
    gemini.setScript({ faults: [{ kind: 'status', status: 503, methods: ['streamGenerateContent'] }] });
    await using opened = await openChat();

    await opened.chat.ask('How do I reset my password?');
    await opened.chat.settled();

    expect(await opened.chat.notice.first().textContent()).toContain('The language model is away');
  });
});

describe('the chat page', () => {
  const screens = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 780 } };

  test.each([
    ['desktop', 'light'],
    ['desktop', 'dark'],
    ['phone', 'light'],
    ['phone', 'dark'],
  ] as const)('has nothing that axe-core objects to: %s, %s', async (screen, colorScheme) => {
    await using opened = await openChat({ viewport: screens[screen], colorScheme });
    const { page, chat } = opened;
    await page.context().addInitScript({ path: axeSource });
    await page.reload();
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);

    await chat.ask(question);
    await chat.answer.getByText('eduroam CAT').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await chat.settled();
    await chat.thumb('Not helpful').click();
    await chat.lastTurn.getByRole('textbox').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });
});
