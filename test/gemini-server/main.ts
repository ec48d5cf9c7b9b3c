import { startGeminiServer } from './gemini-server.ts';

// As a process of its own: `node --import tsx test/gemini-server/main.ts`, with PORT and HOST if they matter.
const server = await startGeminiServer({
  port: Number(process.env.PORT ?? 0),
  host: process.env.HOST ?? '127.0.0.1',
});
console.log(server.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close().catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
  });
}
