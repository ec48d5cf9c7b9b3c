/**
 * What somebody writes in an afternoon with the same packages, and nothing besides: session from Redis, embedding and
 * answer by the SDK, entries from Chroma, a row for statistics. PORT and the addresses of the stores come from the
 * environment.
 */
import { randomUUID } from 'node:crypto';
import { type GenerateContentRequest, GoogleGenerativeAI, TaskType } from '@google/generative-ai';
import { serve } from '@hono/node-server';
import { ChromaClient } from 'chromadb';
import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { z } from 'zod';

const {
  REDIS_URL = '',
  DATABASE_URL = '',
  CHROMA_URL = '',
  COLLECTION = '',
  GEMINI_BASE_URL = '',
} = process.env;
const chatSchema = z.object({ message: z.string().min(1).max(1000), session_id: z.string().optional() });
const turns = pgTable('naive_turns', {
  id: text().primaryKey(),
  question: text().notNull(),
  answer: text().notNull(),
  at: timestamp({ withTimezone: true }).notNull(),
});

const redis = new Redis(REDIS_URL);
const sql = postgres(DATABASE_URL, { max: 4 });
await sql`CREATE TABLE IF NOT EXISTS naive_turns (id text PRIMARY KEY, question text NOT NULL, answer text NOT NULL, at timestamptz NOT NULL)`;
const database = drizzle(sql);
const chromaUrl = new URL(CHROMA_URL);
const chroma = new ChromaClient({ host: chromaUrl.hostname, port: Number(chromaUrl.port), ssl: false });
// Embeddings come from outside.
const collection = await chroma.getCollection({
  name: COLLECTION,
  embeddingFunction: { generate: async () => [] },
});
const gemini = new GoogleGenerativeAI('key-of-the-tests');
const requestOptions = { baseUrl: GEMINI_BASE_URL };
const model = gemini.getGenerativeModel({ model: 'gemini-3.5-flash-lite' }, requestOptions);
const embeddings = gemini.getGenerativeModel({ model: 'gemini-embedding-001' }, requestOptions);

async function prepare(message: string, session: string) {
  const history = await redis.lrange(`naive:${session}`, -12, -1);
  const { embedding } = await embeddings.embedContent({
    content: { role: 'user', parts: [{ text: message }] },
    taskType: TaskType.RETRIEVAL_QUERY,
    outputDimensionality: 768,
  } as Parameters<typeof embeddings.embedContent>[0]);
  const found = await collection.query({ queryEmbeddings: [embedding.values], nResults: 5 });
  const contents = history.map((line) => JSON.parse(line) as GenerateContentRequest['contents'][number]);
  const entries = (found.documents[0] ?? []).join('\n\n');
  contents.push({ role: 'user', parts: [{ text: `<knowledge>\n${entries}\n</knowledge>\n\n${message}` }] });
  const request = { contents, store: false } as GenerateContentRequest;
  return { request, sources: found.ids[0] ?? [] };
}

async function remember(session: string, question: string, answer: string): Promise<void> {
  await redis
    .multi()
    .rpush(
      `naive:${session}`,
      JSON.stringify({ role: 'user', parts: [{ text: question }] }),
      JSON.stringify({ role: 'model', parts: [{ text: answer }] }),
    )
    .expire(`naive:${session}`, 3600)
    .exec();
  await database.insert(turns).values({ id: randomUUID(), question, answer, at: new Date() });
}

const app = new Hono();
app.get('/', (c) => c.text('ok'));
app.post('/api/chat', async (c) => {
  const { message, session_id: session = randomUUID() } = chatSchema.parse(await c.req.json());
  const { request, sources } = await prepare(message, session);
  if (!c.req.header('accept')?.includes('text/event-stream')) {
    const answer = (await model.generateContent(request)).response.text();
    await remember(session, message, answer);
    return c.json({ response: answer, session_id: session, sources });
  }
  return streamSSE(c, async (stream) => {
    const { stream: chunks } = await model.generateContentStream(request);
    let answer = '';
    for await (const chunk of chunks) {
      answer += chunk.text();
      await stream.writeSSE({ event: 'delta', data: JSON.stringify({ text: chunk.text() }) });
    }
    await remember(session, message, answer);
    await stream.writeSSE({ event: 'done', data: JSON.stringify({ response: answer, session_id: session }) });
  });
});
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
