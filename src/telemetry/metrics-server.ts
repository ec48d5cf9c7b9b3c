import { createServer, type Server } from 'node:http';

/** Answers Prometheus on a port of its own, to which nginx does not lead. */
export function createMetricsServer({
  contentType,
  render,
}: {
  contentType: string;
  render: () => Promise<string>;
}): Server {
  return createServer(async (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
    try {
      const text = await render();
      response.writeHead(200, { 'Content-Type': contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  });
}
