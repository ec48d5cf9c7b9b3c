import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, type ModelMessage, streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;
let gemini: GeminiServer;
let baseURL: string;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url, replicas: 2 });
  baseURL = `${stack.nginx.url}/v1`;
});

afterEach(() => {
  gemini.setScript({});
  gemini.clearCalls();
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

/** Clients insist on a key; without CLIENT_API_KEYS any will do. */
const apiKey = 'any';

/** What the model was given for its last answer. */
function lastPrompt(): string {
  const call = gemini.calls().findLast(({ method }) => method === 'streamGenerateContent');
  return JSON.stringify(call?.body);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('the official client', () => {
  const createClient = () => new OpenAI({ baseURL, apiKey });

  test('holds a conversation', async () => {
    const client = createClient();
    gemini.setScript({ text: 'Use the eduroam CAT installer.' });
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: 'Answer as a pirate.' },
      { role: 'user', content: 'How do I set up eduroam on Windows?' },
    ];
    const first = await client.chat.completions.create({ model: 'gpt-4o', messages });
    const reply = first.choices[0]?.message;
    expect(reply?.content).toMatch(/^Use the eduroam CAT installer\.\n\nSources:\n- \[/);
    expect(reply?.annotations?.[0]?.url_citation.url).toMatch(/^https:/);
    expect(first.choices[0]?.finish_reason).toBe('stop');
    expect(first.usage?.total_tokens).toBeGreaterThan(0);
    expect(lastPrompt()).not.toContain('pirate');

    messages.push({ role: 'assistant', content: reply?.content ?? '' });
    messages.push({ role: 'user', content: 'And on Linux?' });
    await client.chat.completions.create({ model: 'gpt-4o', messages });
    expect(lastPrompt()).toContain('How do I set up eduroam on Windows?');
    expect(lastPrompt()).toContain('"Use the eduroam CAT installer."');
  });

  test('holds a conversation in streams, and sees the text grow', async () => {
    const client = createClient();
    const text = 'The library is open every day. '.repeat(20).trim();
    gemini.setScript({ text, chunks: 10, chunkDelayMs: 20 });
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'When is the library in Garching open?' },
    ];
    const options = { model: 'tum-chatbot', stream: true, stream_options: { include_usage: true } } as const;
    const chunks = await collect(await client.chat.completions.create({ ...options, messages }));
    const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? '');
    expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(5);
    expect(pieces.join('')).toContain(text);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(chunks.findLast(({ choices }) => choices.length > 0)?.choices[0]?.finish_reason).toBe('stop');

    messages.push({ role: 'assistant', content: pieces.join('') });
    messages.push({ role: 'user', content: 'And on Sundays?' });
    const second = client.chat.completions.stream({ model: 'tum-chatbot', messages });
    expect((await second.finalChatCompletion()).choices[0]?.message.content).toContain(text);
    expect(lastPrompt()).toContain('When is the library in Garching open?');
  });

  test('lists the model', async () => {
    const models = await collect(createClient().models.list());
    expect(models.map(({ id }) => id)).toEqual(['tum-chatbot']);
  });

  test('throws its own errors', async () => {
    const client = createClient();
    const messages = [{ role: 'user' as const, content: 'x'.repeat(1001) }];
    await expect(client.chat.completions.create({ model: 'm', messages })).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      status: 400,
      type: 'invalid_request_error',
      param: 'messages[0].content',
    });
    const many = client.chat.completions.create({
      model: 'm',
      n: 2,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    await expect(many).rejects.toMatchObject({ status: 400, param: 'n' });
    await expect(client.embeddings.create({ model: 'm', input: 'x' })).rejects.toMatchObject({
      constructor: OpenAI.NotFoundError,
      type: 'invalid_request_error',
    });
    await expect(client.models.retrieve('gpt-4o')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  test('gets an error in its stream, not half an answer, when the model breaks off', async () => {
    gemini.setScript({ text: 'Half of '.repeat(50), chunks: 10, faults: [{ kind: 'cut' }] });
    const stream = await createClient().chat.completions.create({
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'How do I print at the university?' }],
    });
    await expect(collect(stream)).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  test('that leaves a stream ends the call to the model', async () => {
    gemini.setScript({ text: 'Word '.repeat(400), chunks: 200, chunkDelayMs: 100 });
    const stream = await createClient().chat.completions.create({
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'How do I get a student card?' }],
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect.poll(() => gemini.openCalls(), { timeout: 3000 }).toBe(0);
  });

  test('goes on with a session that it names together with its user', async () => {
    const headers = { 'X-Session-ID': 'of-the-client' };
    const ask = (content: string) =>
      createClient().chat.completions.create(
        { model: 'm', user: 'ga12abc', messages: [{ role: 'user', content }] },
        { headers },
      );
    await ask('Where do I find a doctor in Munich?');
    await ask('And in Heilbronn?');
    expect(lastPrompt()).toContain('Where do I find a doctor in Munich?');
    const history = await fetch(`${stack.nginx.url}/api/session/of-the-client/history`, {
      headers: { 'X-User-ID': 'ga12abc' },
    });
    expect(await history.json()).toMatchObject({
      turns: [{ question: 'Where do I find a doctor in Munich?' }, { question: 'And in Heilbronn?' }],
    });
  });
});

describe('the AI SDK', () => {
  const model = () => createOpenAICompatible({ name: 'tum', baseURL }).chatModel('tum-chatbot');

  test('holds a conversation', async () => {
    gemini.setScript({ text: 'Apply in TUMonline.' });
    const messages: ModelMessage[] = [{ role: 'user', content: 'How do I apply for a master’s programme?' }];
    const first = await generateText({ model: model(), messages });
    expect(first.text).toMatch(/^Apply in TUMonline\./);
    expect(first.finishReason).toBe('stop');
    expect(first.usage.totalTokens).toBeGreaterThan(0);

    messages.push(...first.response.messages, { role: 'user', content: 'Until when?' });
    const second = await generateText({ model: model(), system: 'Answer as a pirate.', messages });
    expect(second.text).toMatch(/^Apply in TUMonline\./);
    expect(lastPrompt()).toContain('How do I apply for a master’s programme?');
    expect(lastPrompt()).not.toContain('pirate');
  });

  test('holds a conversation in streams', async () => {
    const text = 'The canteen serves lunch. '.repeat(20).trim();
    gemini.setScript({ text, chunks: 10, chunkDelayMs: 20 });
    const messages: ModelMessage[] = [
      { role: 'user', content: [{ type: 'text', text: 'Where is the canteen in Weihenstephan?' }] },
    ];
    const first = streamText({ model: model(), messages });
    const pieces = await collect(first.textStream);
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join('')).toContain(text);
    expect(await first.finishReason).toBe('stop');

    messages.push(...(await first.response).messages, { role: 'user', content: 'And in Garching?' });
    const second = streamText({ model: model(), messages });
    expect(await second.text).toContain(text);
    expect(lastPrompt()).toContain('Where is the canteen in Weihenstephan?');
  });

  test('reports an error', async () => {
    const messages: ModelMessage[] = [{ role: 'user', content: 'x'.repeat(1001) }];
    await expect(generateText({ model: model(), messages })).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining('must have 1 to 1000 characters'),
    });
  });
});
