/** A model at 0 ms in OpenAI's wire format, for gateways that only forward: eight chunks, or all at once. PORT says where. */
import { createServer } from 'node:http';

const chunks = 8;
const part = 'The canteen is open from eleven to two, on weekdays only. '.repeat(2);
const envelope = { id: 'chatcmpl-1', created: 1, model: 'benchmark' };
const usage = { prompt_tokens: 900, completion_tokens: 160, total_tokens: 1060 };

const completion = JSON.stringify({
  ...envelope,
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: part.repeat(chunks) }, finish_reason: 'stop' },
  ],
  usage,
});
const chunkOf = (delta: object, finishReason: string | null) =>
  `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;

createServer(async (request, response) => {
  let body = '';
  for await (const bytes of request) body += bytes;
  const isStream = body !== '' && (JSON.parse(body) as { stream?: boolean }).stream === true;
  if (!isStream) {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(completion);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let sent = 0; sent < chunks; sent += 1) response.write(chunkOf({ content: part }, null));
  response.end(`${chunkOf({}, 'stop')}data: [DONE]\n\n`);
}).listen(Number(process.env.PORT), '127.0.0.1');
