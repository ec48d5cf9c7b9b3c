import { ChromaClient } from 'chromadb';
import { DependencyError } from '../../domain/errors.ts';
import { toDependencyError } from './map-error.ts';

export interface ChromaOptions {
  url: string;
  /** Limit of a query or look-up. Default 2000. */
  queryTimeoutMs?: number | undefined;
  /** Limit of one batch of writes, or of reading a whole collection. Default 30000. */
  bulkTimeoutMs?: number | undefined;
}

export interface Chroma {
  readonly client: ChromaClient;
  /**
   * Makes one call. After a timeout the server is left alone, every call failing at once, until it answers a
   * heartbeat: a frozen server costs its limit once, not once per question.
   * @throws DependencyError `chroma`
   */
  run<T>(call: (client: ChromaClient) => Promise<T>): Promise<T>;
  /** Round trip time in ms. @throws DependencyError */
  ping(): Promise<number>;
  close(): void;
}

const heartbeatTimeoutMs = 1000;
const heartbeatIntervalMs = 1000;
const bulkPaths = /\/(upsert|get|add)$/;
const heartbeatPath = /\/heartbeat$/;

/** The one client of a process. Chroma's own has no time limit, and its server no authentication: keep it on a private network. */
export function createChroma({ url, queryTimeoutMs = 2000, bulkTimeoutMs = 30_000 }: ChromaOptions): Chroma {
  const client = createBoundedClient(url, (path) => {
    if (heartbeatPath.test(path)) return heartbeatTimeoutMs;
    return bulkPaths.test(path) ? bulkTimeoutMs : queryTimeoutMs;
  });
  let probe: NodeJS.Timeout | undefined;

  const leaveAlone = () => {
    probe ??= setInterval(
      () =>
        client.heartbeat().then(
          () => close(),
          () => {},
        ),
      heartbeatIntervalMs,
    ).unref();
  };
  const close = () => {
    clearInterval(probe);
    probe = undefined;
  };

  return {
    client,
    async run(call) {
      if (probe) {
        throw new DependencyError(
          'chroma',
          'unavailable',
          'Chroma is left alone until it answers a heartbeat',
          {
            retryable: true,
          },
        );
      }
      try {
        return await call(client);
      } catch (error) {
        const translated = toDependencyError(error);
        if (translated.reason === 'timeout') leaveAlone();
        throw translated;
      }
    },
    async ping() {
      const startedAtMs = performance.now();
      await client.heartbeat().catch((error: unknown) => {
        throw toDependencyError(error);
      });
      return performance.now() - startedAtMs;
    },
    close,
  };
}

function createBoundedClient(url: string, timeoutMs: (path: string) => number): ChromaClient {
  const { hostname, port, protocol } = new URL(url);
  const ssl = protocol === 'https:';
  const client = new ChromaClient({
    host: hostname,
    port: Number(port) || (ssl ? 443 : 80),
    ssl,
    tenant: 'default_tenant',
    database: 'default_database',
  });
  // The client offers no place for a fetch or signal per call; its own fetch, which makes its errors, is wrapped here.
  // biome-ignore lint/complexity/useLiteralKeys: the brackets are what makes a private member reachable
  const api = client['apiClient'];
  const ownFetch = api.getConfig().fetch ?? fetch;
  api.setConfig({
    fetch: async (request: Request) => {
      const signal = AbortSignal.timeout(timeoutMs(new URL(request.url).pathname));
      return ownFetch(request, { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    },
  });
  return client;
}
