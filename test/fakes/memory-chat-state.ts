import type { AnswerCache, AnswerTicket } from '../../src/domain/chat/answer-cache.ts';
import type { ChatAnswer, StoredChatRequest } from '../../src/domain/chat/chat-answer.ts';
import type { ChatStore, Claim, ClaimKey } from '../../src/domain/chat/chat-store.ts';
import type { ReplyRecord, ReplyStream } from '../../src/domain/chat/reply/reply-stream.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { DependencyError } from '../../src/domain/errors.ts';
import type {
  AgreedSession,
  Session,
  SessionKey,
  SessionStore,
  Turn,
} from '../../src/domain/sessions/session-store.ts';
import type { StatisticsEvent } from '../../src/domain/statistics/statistics-event.ts';

const leaseMs = 2000;
const answerLeaseMs = 3000;
const uncacheableMs = 1000;
const keptTurns = 200;

interface StoredClaim {
  body: string;
  requestId: string;
  generation: string;
  status: 'running' | 'done' | 'stopped';
  at: Date;
  leaseUntilMs: number;
  request: StoredChatRequest | undefined;
  isTakenOver: boolean;
  answer: ChatAnswer | undefined;
  isStopRequested: boolean;
  readerAtMs: number | undefined;
}

interface StoredSession {
  session: Session;
  turns: Turn[];
}

/** What a chat touches, for all replicas of a test: the Redis stores in memory. Nothing expires but leases. */
export function createMemoryChatState(clock: Clock = systemClock) {
  const claims = new Map<string, StoredClaim>();
  const aliases = new Map<string, string>();
  const sessions = new Map<string, StoredSession>();
  const ended = new Set<string>();
  const agreed = new Map<string, AgreedSession>();
  const answers = new Map<string, ChatAnswer>();
  const answerLeases = new Map<string, { owner: string; untilMs: number }>();
  const replies = new Map<string, ReplyRecord[]>();
  const events: StatisticsEvent[] = [];
  const stopListeners = new Set<(name: string) => void>();
  let isOut = false;

  const nameSession = ({ userId, sessionId }: SessionKey) => JSON.stringify([userId, sessionId]);
  const nameClaim = (claim: ClaimKey) => JSON.stringify([claim.userId, claim.sessionId, claim.key]);
  const resolve = (claim: ClaimKey): ClaimKey => ({
    ...claim,
    key: aliases.get(nameClaim(claim)) ?? claim.key,
  });

  /** Every call takes a turn of the event loop, as over a network. */
  async function answer<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (isOut) throw new DependencyError('redis', 'unavailable', 'the store is out');
    return work();
  }

  const claimOf = (stored: StoredClaim, state = stored.status === 'running' ? 'following' : stored.status) =>
    ({ ...stored, state }) as unknown as Claim;

  const answerCache: AnswerCache = {
    acquire: (key, owner) =>
      answer((): AnswerTicket => {
        const cached = answers.get(key);
        if (cached) return { state: 'cached', answer: cached };
        const lease = answerLeases.get(key);
        if (lease && lease.untilMs > clock.now() && lease.owner !== owner) {
          return { state: lease.owner === '' ? 'uncacheable' : 'busy' };
        }
        answerLeases.set(key, { owner, untilMs: clock.now() + answerLeaseMs });
        return { state: 'acquired' };
      }),
    renew: (key, owner) =>
      answer(() => {
        const lease = answerLeases.get(key);
        if (lease?.owner === owner) lease.untilMs = clock.now() + answerLeaseMs;
      }),
    giveUp: (key, owner) =>
      answer(() => {
        if (answerLeases.get(key)?.owner !== owner) return;
        answerLeases.set(key, { owner: '', untilMs: clock.now() + uncacheableMs });
      }),
  };

  const ownClaim = (claim: ClaimKey, generation: string): StoredClaim | 'unknown' | 'lost' => {
    const stored = claims.get(nameClaim(claim));
    if (!stored) return 'unknown';
    return stored.generation === generation && stored.status === 'running' ? stored : 'lost';
  };

  function openClaim(chat: Parameters<ChatStore['open']>[0]): Claim {
    const { claim, requestId, generation, bodyHash } = chat;
    const stored = claims.get(nameClaim(claim));
    if (stored && stored.body !== bodyHash) return { state: 'conflict' };
    if (claim.key !== requestId) aliases.set(nameClaim({ ...claim, key: requestId }), claim.key);
    const leaseUntilMs = clock.now() + leaseMs;
    if (!stored) {
      const at = new Date(clock.now());
      claims.set(nameClaim(claim), {
        body: bodyHash,
        requestId,
        generation,
        status: 'running',
        at,
        leaseUntilMs,
        request: undefined,
        isTakenOver: false,
        answer: undefined,
        isStopRequested: false,
        readerAtMs: undefined,
      });
      return { state: 'owned', requestId, generation, at, takeover: false };
    }
    if (stored.status === 'stopped') return { state: 'stopped', requestId: stored.requestId };
    if (stored.status === 'done' || stored.leaseUntilMs > clock.now()) return claimOf(stored);
    if (stored.leaseUntilMs !== Number.NEGATIVE_INFINITY) {
      if (stored.isTakenOver) return { state: 'exhausted', requestId: stored.requestId };
      stored.isTakenOver = true;
    }
    Object.assign(stored, { generation, leaseUntilMs });
    return { state: 'owned', requestId: stored.requestId, generation, at: stored.at, takeover: true };
  }

  function storeTurn(chat: Parameters<ChatStore['close']>[0], turn: Turn): void {
    const name = nameSession(chat.claim);
    const known = sessions.get(name);
    const { sessionStartedAt } = chat;
    const isAnother =
      known && sessionStartedAt && known.session.startedAt.getTime() !== sessionStartedAt.getTime();
    if (isAnother || (!known && ended.has(name))) return;
    const stored = known ?? createSession(name);
    const { session, turns } = stored;
    session.role = chat.audience.role ?? session.role;
    session.campus = chat.audience.campus ?? session.campus;
    session.askedForAudience ||= chat.askedForAudience;
    session.turnCount += 1;
    turns.push(turn);
    turns.splice(0, turns.length - keptTurns);
  }

  function createSession(name: string): StoredSession {
    const now = new Date(clock.now());
    const session: Session = { startedAt: now, lastActiveAt: now, turnCount: 0, askedForAudience: false };
    const stored = { session, turns: [] };
    sessions.set(name, stored);
    return stored;
  }

  const chatStore: ChatStore = {
    open: (chat) =>
      answer(() => {
        const stored = sessions.get(nameSession(chat.claim));
        return {
          claim: openClaim(chat),
          session: stored && { ...stored.session },
          turns: chat.historyTurns === 0 ? [] : (stored?.turns.slice(-chat.historyTurns) ?? []),
        };
      }),
    async findCached({ answerKey, owner, kept }) {
      await answer(() => {
        const stored = kept && claims.get(nameClaim(kept.claim));
        if (stored) stored.request = kept.request;
      });
      const answerTicket = answerKey === undefined ? undefined : await answerCache.acquire(answerKey, owner);
      return { answerTicket, cachedEmbedding: undefined };
    },
    close: (chat) =>
      answer(() => {
        const stored = ownClaim(chat.claim, chat.generation);
        if (stored === 'lost') return false;
        if (stored !== 'unknown') Object.assign(stored, { status: 'done', answer: chat.answer });
        if (chat.turn) storeTurn(chat, chat.turn);
        if (chat.event) events.push(chat.event);
        if (chat.answerKey !== undefined) {
          answers.set(chat.answerKey, { ...chat.answer, requestId: '', sessionId: '' });
        }
        return true;
      }),
    renewLease: (claim, generation) =>
      answer(() => {
        const stored = ownClaim(claim, generation);
        if (typeof stored === 'string') {
          return { held: stored === 'unknown', stopRequested: false, lastReaderMs: undefined };
        }
        stored.leaseUntilMs = clock.now() + leaseMs;
        const { isStopRequested, readerAtMs } = stored;
        const lastReaderMs = readerAtMs === undefined ? undefined : clock.now() - readerAtMs;
        return { held: true, stopRequested: isStopRequested, lastReaderMs };
      }),
    restart: (claim, from, to) =>
      answer(() => {
        const stored = ownClaim(claim, from);
        if (typeof stored === 'string') return stored === 'unknown';
        Object.assign(stored, { generation: to, leaseUntilMs: clock.now() + leaseMs });
        return true;
      }),
    abandon: (claim, generation, how) =>
      answer(() => {
        const stored = ownClaim(claim, generation);
        if (typeof stored === 'string') return;
        if (how === 'stopped') stored.status = 'stopped';
        else stored.leaseUntilMs = Number.NEGATIVE_INFINITY;
      }),
    find: (claim) =>
      answer(() => {
        const resolved = resolve(claim);
        const stored = claims.get(nameClaim(resolved));
        if (!stored) return undefined;
        return {
          key: resolved.key,
          claim: claimOf(stored),
          leaseLive: stored.leaseUntilMs > clock.now(),
          request: stored.request,
        };
      }),
    noteReader: (claim) =>
      answer(() => {
        const stored = claims.get(nameClaim(claim));
        if (stored) stored.readerAtMs = clock.now();
      }),
    requestStop: (claim) =>
      answer(() => {
        const name = nameClaim(resolve(claim));
        const stored = claims.get(name);
        if (stored?.status !== 'running') return false;
        stored.isStopRequested = true;
        for (const listener of stopListeners) listener(name);
        return true;
      }),
    onStop(listener) {
      stopListeners.add(listener);
      return () => stopListeners.delete(listener);
    },
    claimName: nameClaim,
  };

  const sessionStore: SessionStore = {
    start: (key, { role, campus }) =>
      answer(() => {
        const name = nameSession(key);
        ended.delete(name);
        const { session } = sessions.get(name) ?? createSession(name);
        session.role = role ?? session.role;
        session.campus = campus ?? session.campus;
        return { ...session };
      }),
    find: (key) => answer(() => sessions.get(nameSession(key))?.session),
    agreeOnId: (purpose, proposed, _userId) =>
      answer(() => {
        const known = agreed.get(purpose) ?? proposed;
        agreed.set(purpose, known);
        return known;
      }),
    findHistory: (key) => answer(() => sessions.get(nameSession(key))?.turns.slice()),
    end: (key) =>
      answer(() => {
        const name = nameSession(key);
        const stored = sessions.get(name);
        if (stored) ended.add(name);
        sessions.delete(name);
        return stored?.session;
      }),
    countActive: () => answer(() => sessions.size),
    exportUser: (userId) =>
      answer(() =>
        [...sessions].flatMap(([name, { session, turns }]) => {
          const [user, sessionId] = JSON.parse(name) as [string, string];
          return user === userId ? [{ sessionId, session, turns }] : [];
        }),
      ),
  };

  const replyStream: ReplyStream = {
    append: (generation, records) =>
      answer(() => void replies.set(generation, [...(replies.get(generation) ?? []), ...records])),
    read: (generation, cursor) =>
      answer(() => {
        const all = replies.get(generation) ?? [];
        const from = Number(cursor ?? 0);
        return { records: all.slice(from), cursor: all.length === 0 ? cursor : String(all.length) };
      }),
  };

  return {
    chatStore,
    sessionStore,
    answerCache,
    replyStream,
    /** Statistics events that were stored with their turns. */
    events,
    /** From now on every call fails, until it is called with false. */
    setOut(out: boolean): void {
      isOut = out;
    },
    expireLease(claim: ClaimKey): void {
      const stored = claims.get(nameClaim(claim));
      if (stored) stored.leaseUntilMs = clock.now() - 1;
    },
    forget(): void {
      for (const each of [claims, aliases, sessions, answers, answerLeases, replies]) each.clear();
      ended.clear();
    },
  };
}

export type MemoryChatState = ReturnType<typeof createMemoryChatState>;
