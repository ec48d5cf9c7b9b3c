import type { Redis } from 'ioredis';
import type { StoredChatRequest } from '../../domain/chat/chat-answer.ts';
import type {
  ChatStore,
  Claim,
  ClaimKey,
  LeaseState,
  OpenChat,
  OpenedChat,
} from '../../domain/chat/chat-store.ts';
import type { StatisticsEvent } from '../../domain/statistics/statistics-event.ts';
import { addAcquireAnswer, parseTicket } from './answer-cache.ts';
import { parseAnswer, parseSession, parseTurn } from './chat-records.ts';
import { parseEmbedding } from './embedding-cache.ts';
import {
  activeSessionsKey,
  answerKey,
  answerTtlSeconds,
  embeddingKey,
  indexTtlSeconds,
  type Keys,
  replyKey,
  replyTtlSeconds,
  statisticsEventsKey,
  stopChannel,
} from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline, runPipelineWithScripts } from './run-pipeline.ts';
import { addScript, runScript, type ScriptCall } from './scripts.ts';

/** A generation that is not renewed for this long is taken over by the next try. */
const leaseMs = 2000;
const keptTurns = 200;

export interface RedisChatStoreOptions {
  connection: RedisConnection;
  keys: Keys;
  sessionTtlSeconds: number;
  /** Events that may wait in the stream; more are refused and reported to `onEventRefused`. */
  eventLimit: number;
  serializeEvent: (event: StatisticsEvent) => string;
  onEventRefused: () => void;
}

export function createRedisChatStore(options: RedisChatStoreOptions): ChatStore {
  const { connection, keys } = options;
  const userIndexTtlSeconds = Math.max(options.sessionTtlSeconds, indexTtlSeconds);
  const tombstones = ({ userId, sessionId }: ClaimKey) =>
    [keys.erased(userId), keys.erased(userId, sessionId)] as const;

  async function findClaimKey(redis: Redis, claim: ClaimKey): Promise<string> {
    const key = await redis.get(keys.requestAlias(claim));
    return keys.request(key === null ? claim : { ...claim, key });
  }

  return {
    open: (chat) =>
      connection.run(async (redis) => {
        const pipeline = redis.pipeline();
        const call = addClaim(pipeline, keys, chat, userIndexTtlSeconds);
        pipeline.hgetall(keys.sessionMeta(chat.claim));
        pipeline.lrange(keys.sessionTurns(chat.claim), -Math.max(1, chat.historyTurns), -1);
        const [claim, meta, turns] = (await runPipelineWithScripts(redis, pipeline, [call])) as [
          [string, string, string, number | string, string],
          Record<string, string>,
          string[],
        ];
        return {
          claim: parseClaim(claim),
          session: parseSession(meta),
          turns: chat.historyTurns === 0 ? [] : turns.map(parseTurn),
        } satisfies OpenedChat;
      }),

    findCached: (cached) =>
      connection.run(async (redis) => {
        const pipeline = redis.pipeline();
        pipeline.get(
          cached.embeddingKey === undefined ? 'embedding:none' : embeddingKey(cached.embeddingKey),
        );
        const ticketCall =
          cached.answerKey === undefined
            ? undefined
            : addAcquireAnswer(pipeline, cached.answerKey, cached.owner);
        const calls = ticketCall === undefined ? [] : [ticketCall];
        if (cached.kept) {
          const { claim, request } = cached.kept;
          calls.push(addScript(pipeline, 'keep-question', [keys.request(claim)], [JSON.stringify(request)]));
        }
        const [embedding, ...others] = (await runPipelineWithScripts(redis, pipeline, calls)) as [
          string | null,
          ...unknown[],
        ];
        const ticket = ticketCall && (others[0] as [string, string]);
        return {
          answerTicket: ticket && parseTicket(ticket),
          cachedEmbedding: embedding === null ? undefined : parseEmbedding(embedding),
        };
      }),

    async close(chat) {
      const { claim, answer, turn, audience } = chat;
      const reply = await connection.run((redis) =>
        runScript(
          redis,
          'close-chat',
          [
            keys.request(claim),
            keys.sessionMeta(claim),
            keys.sessionTurns(claim),
            keys.sessionEnded(claim),
            keys.userSessions(claim.userId),
            activeSessionsKey,
            answerKey(chat.answerKey ?? 'none'),
            statisticsEventsKey,
            ...tombstones(claim),
          ],
          [
            chat.generation,
            JSON.stringify(answer),
            replyTtlSeconds,
            turn === undefined ? '' : JSON.stringify(turn),
            options.sessionTtlSeconds,
            chat.sessionStartedAt?.getTime() ?? '',
            audience.role ?? '',
            audience.campus ?? '',
            chat.askedForAudience ? 1 : 0,
            chat.event === undefined ? '' : options.serializeEvent(chat.event),
            options.eventLimit,
            // Shared with others, so it names nobody's session.
            chat.answerKey === undefined ? '' : JSON.stringify({ ...answer, requestId: '', sessionId: '' }),
            answerTtlSeconds,
            keptTurns,
            claim.sessionId,
            keys.sessionMeta(claim),
            userIndexTtlSeconds,
          ],
        ),
      );
      const [isClosed, isEventTaken] = reply as [number, number];
      if (isClosed === 1 && isEventTaken === 0) options.onEventRefused();
      return isClosed === 1;
    },

    async renewLease(claim, generation) {
      const reply = await connection.run((redis) =>
        runScript(redis, 'renew-lease', [keys.request(claim), ...tombstones(claim)], [generation, leaseMs]),
      );
      const [held, stop, readerMs] = reply as [number, number, number];
      return {
        held: held === 1,
        stopRequested: stop === 1,
        lastReaderMs: readerMs < 0 ? undefined : readerMs,
      } satisfies LeaseState;
    },

    restart: (claim, from, to) =>
      connection.run(async (redis) => {
        const scriptKeys = [keys.request(claim), keys.sessionRequests(claim), ...tombstones(claim)] as const;
        return (
          (await runScript(redis, 'restart-generation', scriptKeys, [
            from,
            to,
            leaseMs,
            indexTtlSeconds,
            replyKey(to),
          ])) === 1
        );
      }),

    async abandon(claim, generation, how) {
      await connection.run((redis) =>
        runScript(redis, 'abandon-generation', [keys.request(claim)], [generation, how]),
      );
    },

    find: (claim) =>
      connection.run(async (redis) => {
        const key = await findClaimKey(redis, claim);
        const [fields, time] = (await runPipeline(redis.pipeline().hgetall(key).time())) as [
          Record<string, string>,
          [string, string],
        ];
        const { requestId = '', generation = '', status, request, result = '', at = '0' } = fields;
        if (status === undefined) return undefined;
        return {
          key: key.slice(key.lastIndexOf(':') + 1),
          claim: parseClaim([status === 'running' ? 'following' : status, requestId, generation, at, result]),
          leaseLive: Number(fields.leaseUntil) > Number(time[0]) * 1000 + Number(time[1]) / 1000,
          request: request === undefined ? undefined : (JSON.parse(request) as StoredChatRequest),
        };
      }),

    async noteReader(claim) {
      await connection.run((redis) => runScript(redis, 'note-reader', [keys.request(claim)]));
    },

    requestStop: (claim) =>
      connection.run(async (redis) => {
        const key = await findClaimKey(redis, claim);
        const isRunning = (await runScript(redis, 'request-stop', [key])) === 1;
        if (isRunning) await redis.publish(stopChannel, key);
        return isRunning;
      }),

    onStop(listener) {
      const subscriber = connection.duplicate({ autoResubscribe: false });
      // Also after each outage; until then a stop is found when the lease is renewed.
      subscriber.on('ready', () => void subscriber.subscribe(stopChannel).catch(() => {}));
      subscriber.on('message', (_channel: string, key: string) => listener(key));
      return () => subscriber.disconnect();
    },

    claimName: (claim) => keys.request(claim),
  };
}

function addClaim(
  pipeline: ReturnType<Redis['pipeline']>,
  keys: Keys,
  chat: OpenChat,
  userIndexTtlSeconds: number,
): ScriptCall {
  const key = keys.request(chat.claim);
  const alias = keys.requestAlias({ ...chat.claim, key: chat.requestId });
  return addScript(
    pipeline,
    'claim-request',
    [key, alias, keys.sessionRequests(chat.claim), keys.userSessions(chat.claim.userId)],
    [
      chat.bodyHash,
      chat.requestId,
      chat.generation,
      leaseMs,
      replyTtlSeconds,
      chat.claim.key,
      chat.claim.sessionId,
      indexTtlSeconds,
      userIndexTtlSeconds,
      replyKey(chat.generation),
    ],
  );
}

function parseClaim(reply: [string, string, string, number | string, string]): Claim {
  const [state, requestId, generation, at, detail] = reply;
  switch (state) {
    case 'owned':
      return { state, requestId, generation, at: new Date(Number(at)), takeover: detail === '1' };
    case 'following':
      return { state, requestId, generation };
    case 'done':
      return { state, requestId, generation, answer: parseAnswer(detail) };
    case 'stopped':
    case 'exhausted':
      return { state, requestId };
    default:
      return { state: 'conflict' };
  }
}
