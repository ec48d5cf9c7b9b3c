import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, openPage } from './chromium.ts';
import { startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;
let browser: Browser;

beforeAll(async () => {
  stack = await startTestStack({ replicas: 1 });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

test('a person reads about a route and tries it, and no other host is asked', async () => {
  await using opened = await openPage(browser);
  const { page, problems } = opened;
  const origin = new URL(stack.nginx.httpsUrl).origin;
  const strangers: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) strangers.push(request.url());
  });

  await page.goto(`${origin}/docs`);
  await page.getByRole('heading', { name: 'TUM Chatbot Backend' }).waitFor();
  await page.getByRole('button', { name: 'Test Request (post /api/chat)' }).click();
  await page.getByRole('button', { name: 'Send post request' }).click();
  await expect
    // biome-ignore lint/performance/useDomNodeTextContent: only what is visible counts
    .poll(() => page.locator('body').innerText(), { timeout: 20_000 })
    .toContain('"answered_by":"knowledge_base"');

  expect(problems).toEqual([]);
  expect(strangers).toEqual([]);
});
