import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** Connections to the servers of models, kept open between calls. */
export interface ModelHttp {
  agentFor(url: URL): HttpAgent | HttpsAgent;
  close(): void;
}

/** Shorter than servers keep an idle connection, so that a call rarely meets one that is just being closed. */
const idleConnectionMs = 30_000;

export function createModelHttp(): ModelHttp {
  const options = { keepAlive: true, timeout: idleConnectionMs, scheduling: 'lifo' } as const;
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  return {
    agentFor: ({ protocol }) => (protocol === 'https:' ? https : http),
    close() {
      http.destroy();
      https.destroy();
    },
  };
}
