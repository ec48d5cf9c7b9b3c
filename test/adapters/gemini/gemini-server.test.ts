import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { ProfileName } from '../../gemini-server/profiles.ts';

let server: GeminiServer;
beforeAll(async () => {
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
});
afterAll(() => server.close());

const request = (
  path: string,
  body?: unknown,
  headers: Record<string, string> = { 'x-goog-api-key': 'key' },
) =>
  fetch(`${server.url}${path}`, {
    headers,
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
// Bodies are looked at by assertions only.
// biome-ignore lint/suspicious/noExplicitAny: whatever is not there fails the test.
const jsonOf = async (response: Promise<Response>): Promise<any> => (await response).json();
const contents = [{ parts: [{ text: 'Hello' }] }];

describe('the Gemini-compatible server', () => {
  it('takes the key from the header or the query and refuses calls without', async () => {
    const path = '/v1beta/models/gemini-3.5-flash-lite';
    expect((await request(path)).status).toBe(200);
    expect((await request(`${path}?key=key`, undefined, {})).status).toBe(200);
    expect((await request(path, undefined, {})).status).toBe(403);
  });

  it('lists models and knows which are missing', async () => {
    server.setScript({ missingModels: ['gemini-3.8-flash'] });
    const list = await (await request('/v1beta/models')).text();
    expect(list).toContain('models/gemini-3.5-flash-lite');
    expect(list).not.toContain('gemini-3.8-flash');
    expect((await request('/v1beta/models/gemini-3.8-flash')).status).toBe(404);
  });

  it('answers in one piece as well as in a stream', async () => {
    server.setScript({ text: 'Good morning.', chunks: 4 });
    const path = '/v1beta/models/gemini-3.5-flash-lite:generateContent';
    const body = await jsonOf(request(path, { contents, store: false }));
    const { parts } = body.candidates[0].content;
    expect(parts.map(({ text }: { text: string }) => text).join('')).toBe('Good morning.');
    expect(body).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata: {} });
  });

  it('embeds one text or up to 100, unit length only in full size', async () => {
    const path = '/v1beta/models/gemini-embedding-001';
    const one = await jsonOf(request(`${path}:embedContent`, { content: contents[0] }));
    expect(Math.hypot(...one.embedding.values)).toBeCloseTo(1, 10);
    const shortRequest = { content: contents[0], outputDimensionality: 768 };
    const batch = (count: number) =>
      request(`${path}:batchEmbedContents`, { requests: Array(count).fill(shortRequest) });
    const { embeddings } = await jsonOf(batch(100));
    expect(embeddings).toHaveLength(100);
    expect(Math.hypot(...embeddings[0].values)).toBeCloseTo(0.7, 10);
    expect((await batch(101)).status).toBe(400);
  });

  it.each<[ProfileName, accepted: object[], refused: object[]]>([
    [
      '3.5-flash-lite',
      [
        { temperature: 1 },
        { thinkingConfig: { thinkingLevel: 'MINIMAL' } },
        { thinkingConfig: { thinkingBudget: 9 } },
      ],
      [{ thinkingConfig: { thinkingLevel: 'LOW', thinkingBudget: 9 } }, { unheardOf: 1 }],
    ],
    [
      '3.8-flash',
      [{}, { thinkingConfig: { thinkingLevel: 'LOW' } }],
      [{ thinkingConfig: { thinkingLevel: 'MINIMAL' } }, { thinkingConfig: { thinkingBudget: 0 } }],
    ],
    [
      'next',
      [{ thinkingConfig: { thinkingLevel: 'HIGH' } }],
      [{ temperature: 0.7 }, { topP: 1 }, { topK: 1 }, { thinkingConfig: { thinkingBudget: 9 } }],
    ],
  ])('takes and refuses settings as %s does', async (profile, accepted, refused) => {
    server.setScript({ profiles: { 'gemini-x': profile } });
    const statusOf = async (generationConfig: object) => {
      const body = { contents, store: false, generationConfig };
      return (await request('/v1beta/models/gemini-x:generateContent', body)).status;
    };
    expect(await Promise.all(accepted.map(statusOf))).toEqual(accepted.map(() => 200));
    expect(await Promise.all(refused.map(statusOf))).toEqual(refused.map(() => 400));
  });

  it('refuses what would be stored, and fails the test that asked for it', async () => {
    const strict = await startGeminiServer();
    const response = await fetch(`${strict.url}/v1beta/models/gemini-3.8-flash:generateContent?key=k`, {
      method: 'POST',
      body: JSON.stringify({ contents }),
    });
    expect(response.status).toBe(400);
    await expect(strict.close()).rejects.toThrow('without "store": false');
  });

  it('is scripted and watched from another process over HTTP', async () => {
    const script = { faults: [{ kind: 'status', status: 503 }] };
    await fetch(`${server.url}/control/script`, { method: 'PUT', body: JSON.stringify(script) });
    const path = '/v1beta/models/gemini-3.5-flash-lite:streamGenerateContent?alt=sse';
    expect((await request(path, { contents, store: false })).status).toBe(503);
    const { open, calls } = await jsonOf(fetch(`${server.url}/control/calls`));
    expect(open).toBe(0);
    expect(calls).toMatchObject([{ method: 'streamGenerateContent', key: 'key', fault: 'status' }]);
    await fetch(`${server.url}/control/calls`, { method: 'DELETE' });
    expect(server.calls()).toEqual([]);
  });

  it('refuses a script it does not understand and keeps the old one', async () => {
    const response = await fetch(`${server.url}/control/script`, {
      method: 'PUT',
      body: JSON.stringify({ faults: [{ kind: 'volcano' }] }),
    });
    expect(response.status).toBe(400);
  });
});
