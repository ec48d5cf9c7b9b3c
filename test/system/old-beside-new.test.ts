import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
import { type Nginx, startNginx } from '../../infra/local/nginx.ts';
import { findFreePort } from '../../infra/local/ports.ts';
import { removePostgresData } from '../../infra/local/postgres.ts';
import { type Replica, startReplica } from '../../infra/local/replica.ts';
import { logFileIn, type Stores, startStores } from '../../infra/local/stores.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { canteenQuestion } from './canteen-question.ts';
import { ensureOldRelease, hasOldRelease } from './old-release.ts';
import { copyPreparedStores, postgresPassword } from './prepared-stores.ts';
import { send } from './send.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

const requestTimeoutSeconds = 30;
const proxySecret = 'secret-that-the-update-brings';
/** Of one address. All of it is counted on its own address, or the first ones would be refused on nginx's. */
const limit = 200;
/** So that the people do not reach it before the update is through. */
const modelLatencyMs = 600;
const people = 8;

let folder: string;
let gemini: GeminiServer;
let stores: Stores;
let nginx: Nginx;
let database: postgres.Sql;
let replicasMade = 0;
const running = new Set<Replica>();

const settings = {
  ENVIRONMENT: 'development',
  ADMIN_TOKEN: 'operator-of-the-tests',
  ANONYMIZE_SALT: 'salt-of-the-tests',
  LOG_CHAT_SESSIONS: 'false',
  EMBEDDING_MODEL: 'local',
  RATE_LIMIT_REQUESTS: String(limit),
};

/** Three of one release, ready. */
async function startRelease(root: string | undefined, variables: Record<string, string>): Promise<Replica[]> {
  const started = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const replicaId = `${root ? 'old' : 'new'}-${++replicasMade}`;
      return startReplica({
        ...(root && { root }),
        replicaId,
        port: await findFreePort(),
        metricsPort: await findFreePort(),
        logFile: logFileIn(folder, replicaId),
        variables: { ...stores.variables, ...variables },
        requestTimeoutSeconds,
      });
    }),
  );
  for (const replica of started) running.add(replica);
  return started;
}

async function stopAll(replicas: readonly Replica[]) {
  await Promise.all(replicas.map((replica) => replica.stop()));
  for (const replica of replicas) running.delete(replica);
}

const portsOf = (...replicas: readonly Replica[][]) => replicas.flat().map(({ port }) => port);

interface Turn {
  readonly requestId: string;
  readonly question: string;
  readonly answer: string;
  readonly replica: string;
}

/** People who ask one question after the other, each from an address and in a session of their own. */
function startPeople() {
  const asked = Array.from({ length: people }, (): Turn[] => []);
  const failures: string[] = [];
  let isOver = false;
  let questions = 0;
  const addressOf = (person: number) => `127.0.1.${person + 1}`;
  const headersOf = (person: number) => ({ 'X-User-ID': `person-${person}`, 'X-Session-ID': 'own' });

  async function askOn(person: number) {
    // A question less than the limit: the next one would be refused, rightly.
    while (!isOver && (asked[person]?.length ?? 0) < limit - 1) {
      const question = canteenQuestion(questions++);
      try {
        const { status, headers, body } = await send(nginx.url, '/api/chat', {
          method: 'POST',
          from: addressOf(person),
          headers: { 'Content-Type': 'application/json', ...headersOf(person) },
          body: JSON.stringify({ message: question }),
        });
        if (status !== 200) failures.push(`${headers['x-replica']} ${status} ${body}`);
        const reply = JSON.parse(body);
        if (reply.degraded?.length > 0) failures.push(`${headers['x-replica']} without ${reply.degraded}`);
        asked[person]?.push({
          requestId: reply.request_id,
          question,
          answer: reply.response,
          replica: String(headers['x-replica']),
        });
      } catch (error) {
        failures.push(String(error));
      }
    }
  }
  const asking = asked.map((_, person) => askOn(person));
  const count = () => asked.flat().length;
  return {
    /** Resolves when everybody together has asked so many more questions. */
    async more(questionsAsked: number) {
      const goal = count() + questionsAsked;
      await expect.poll(count, { timeout: 60_000 }).toBeGreaterThanOrEqual(goal);
    },
    async stop() {
      isOver = true;
      await Promise.all(asking);
      return { asked, failures };
    },
    headersOf,
    addressOf,
  };
}

const historyOf = async (headers: Record<string, string>) => {
  const reply = await send(nginx.url, '/api/session/own/history', { headers });
  const { turns } = JSON.parse(reply.body) as {
    turns?: { request_id: string; question: string; answer: string }[];
  };
  return (turns ?? []).map(({ request_id, question, answer }) => ({
    requestId: request_id,
    question,
    answer,
  }));
};

const hasRelease = hasOldRelease();
if (!hasRelease) console.warn('The commit of the release before is not in this clone; its test is skipped.');

describe.skipIf(!hasRelease)('an update under load', () => {
  let oldRoot: string;

  beforeAll(async () => {
    oldRoot = ensureOldRelease();
    folder = createTemporaryFolder();
    gemini = await startGeminiServer();
    gemini.setScript({ latencyMs: modelLatencyMs, takesEarlierCalls: true });
    copyPreparedStores(folder);
    stores = await startStores({
      dataDir: folder,
      postgresPassword,
      durable: false,
      variables: { ...settings, GEMINI_API_KEY: 'key-of-the-tests', GEMINI_BASE_URL: gemini.url },
      knowledgeBasePath: undefined,
    });
    database = postgres(stores.postgres.url, { max: 1 });
  }, 240_000);

  afterAll(async () => {
    await database?.end();
    await nginx?.stop();
    await stopAll([...running]);
    await stores?.stop();
    await gemini?.close();
    if (folder) {
      removePostgresData(join(folder, 'postgres'));
      removeTemporaryFolder(folder);
    }
  });

  test('and back fails no request, keeps sessions and limits, and writes each statistics row once', async () => {
    const first = await startRelease(oldRoot, {});
    nginx = await startNginx({
      dataDir: join(folder, 'nginx'),
      httpPort: await findFreePort(),
      httpsPort: await findFreePort(),
      replicaPorts: portsOf(first),
      certificate: await ensureCertificate(folder),
      requestTimeoutSeconds,
      trustedProxies: [],
      adminNetworks: [],
    });
    const load = startPeople();
    await load.more(people * 3);

    // As update.sh does it: nginx first, then the replicas.
    await nginx.setProxySecret(proxySecret);
    const second = await startRelease(undefined, { PROXY_SECRET: proxySecret });
    await nginx.setReplicaPorts(portsOf(first, second));
    await load.more(people * 8);
    await nginx.setReplicaPorts(portsOf(second));
    await stopAll(first);
    await load.more(people * 3);

    const third = await startRelease(oldRoot, {});
    await nginx.setReplicaPorts(portsOf(second, third));
    await load.more(people * 8);
    await nginx.setReplicaPorts(portsOf(third));
    await stopAll(second);
    await load.more(people * 3);
    const { asked, failures } = await load.stop();

    expect(failures).toEqual([]);
    const answeredBy = new Set(asked.flat().map(({ replica }) => replica));
    expect([...answeredBy].sort()).toEqual(
      ['new-4', 'new-5', 'new-6', 'old-1', 'old-2', 'old-3', 'old-7', 'old-8', 'old-9'].sort(),
    );
    for (const [person, turns] of asked.entries()) {
      const expected = turns.map(({ replica: _, ...turn }) => turn);
      expect(await historyOf(load.headersOf(person))).toEqual(expected);
    }
    const requestIds = asked
      .flat()
      .map(({ requestId }) => requestId)
      .sort();
    const readRows = async () =>
      (await database<{ id: string }[]>`SELECT id FROM chat_interactions`).map(({ id }) => id).sort();
    await expect.poll(readRows, { timeout: 30_000 }).toEqual(requestIds);
  }, 240_000);

  test('leaves limits that count each client, not nginx', async () => {
    const replicas = await startRelease(undefined, { PROXY_SECRET: proxySecret });
    await nginx.setReplicaPorts(portsOf(replicas));
    const start = (from: string) =>
      send(nginx.url, '/api/session/start', { method: 'POST', from, headers: { 'X-User-ID': 'someone' } });
    const statuses = await Promise.all(Array.from({ length: limit + 5 }, () => start('127.0.2.1')));
    expect(statuses.filter(({ status }) => status === 429)).toHaveLength(5);
    expect(await start('127.0.2.2')).toMatchObject({ status: 200 });
  });
});
