/** The least that could answer a chat: what Node, Hono and nginx cost by themselves. PORT says where. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const answer = { response: 'x'.repeat(600), session_id: 'bare', sources: [] };
const app = new Hono();
app.post('/api/chat', async (c) => c.json({ ...answer, asked: (await c.req.json()).message }));
app.get('/', (c) => c.text('ok'));
app.get('/metrics', (c) => {
  const { user, system } = process.cpuUsage();
  return c.text(`tum_chatbot_process_cpu_seconds_total ${(user + system) / 1e6}\n`);
});
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
