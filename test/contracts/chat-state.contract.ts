import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnswerCache } from '../../src/domain/chat/answer-cache.ts';
import type { ChatAnswer } from '../../src/domain/chat/chat-answer.ts';
import type { ChatStore, ClaimKey, CloseChat, OpenChat } from '../../src/domain/chat/chat-store.ts';
import type { ReplyStream } from '../../src/domain/chat/reply/reply-stream.ts';
import type { SessionStore } from '../../src/domain/sessions/session-store.ts';

/** What a chat touches, empty. */
export interface ChatState {
  chatStore: ChatStore;
  sessionStore: SessionStore;
  answerCache: AnswerCache;
  replyStream: ReplyStream;
  /** As if its owner had been silent for too long. */
  expireLease(claim: ClaimKey): void | Promise<unknown>;
  /** As a server that comes back empty. */
  forget(): void | Promise<unknown>;
  close(): void | Promise<unknown>;
}

const caller = { userId: 'ada', sessionId: 'test' };
const claim = (key = 'request-1') => ({ ...caller, key });

const openingOf = (more: Partial<OpenChat> = {}): OpenChat => ({
  claim: claim(more.requestId),
  requestId: 'request-1',
  generation: 'generation-1',
  bodyHash: 'body',
  historyTurns: 6,
  ...more,
});

const answerOf = (requestId: string, response = 'Hi'): ChatAnswer => ({
  requestId,
  sessionId: caller.sessionId,
  response,
  sources: [],
  confidence: 'high',
  answeredBy: 'model',
  cached: false,
  searchMethod: 'hybrid',
  searchTimeMs: 1,
  degraded: [],
  answeredAt: new Date(1000),
});

const closingOf = (requestId = 'request-1', more: Partial<CloseChat> = {}): CloseChat => ({
  claim: claim(requestId),
  requestId,
  generation: 'generation-1',
  answer: answerOf(requestId),
  sessionStartedAt: undefined,
  turn: { requestId, question: 'Hello', answer: 'Hi', answeredAt: new Date(1000) },
  audience: {},
  askedForAudience: false,
  event: undefined,
  ...more,
});

/** What every home of claims, sessions, live replies and shared answers promises. */
export function describeChatState(name: string, open: () => Promise<ChatState>): void {
  describe(name, () => {
    let state: ChatState;
    let store: ChatStore;
    let sessions: SessionStore;

    beforeEach(async () => {
      state = await open();
      store = state.chatStore;
      sessions = state.sessionStore;
    });

    afterEach(() => state.close());

    const stateOf = async (opening: OpenChat) => (await store.open(opening)).claim;
    const expireLease = (key = 'request-1') => state.expireLease(claim(key));
    const turnIds = async () =>
      ((await sessions.findHistory(caller)) ?? []).map(({ requestId }) => requestId);

    describe('a claim', () => {
      test('has one owner, whom other tries follow until its lease runs out', async () => {
        const tries = await Promise.all(
          ['one', 'two', 'three'].map((generation) => stateOf(openingOf({ generation }))),
        );
        expect(tries.map(({ state }) => state).sort()).toEqual(['following', 'following', 'owned']);

        const first = tries.find(({ state }) => state === 'owned');
        await expireLease();
        const next = await stateOf(openingOf({ generation: 'four' }));
        expect(next).toMatchObject({ state: 'owned', generation: 'four', takeover: true });
        // The same instant for every try, so that its statistics row is the same.
        expect(next).toMatchObject({ at: (first as { at: Date }).at });
      });

      test('whose lease another took is lost to the one before, who can neither renew nor close it', async () => {
        await store.open(openingOf());
        await expireLease();
        await store.open(openingOf({ generation: 'generation-2' }));
        expect(await store.renewLease(claim(), 'generation-1')).toMatchObject({ held: false });
        expect(await store.restart(claim(), 'generation-1', 'generation-3')).toBe(false);
        expect(await store.close(closingOf())).toBe(false);
        expect(await turnIds()).toEqual([]);
        expect(await store.close(closingOf('request-1', { generation: 'generation-2' }))).toBe(true);
        expect(await turnIds()).toEqual(['request-1']);
      });

      test('is closed once, and from then on gives its result', async () => {
        await store.open(openingOf());
        const closings = await Promise.all([1, 2, 3].map(() => store.close(closingOf())));
        expect(closings.sort()).toEqual([false, false, true]);
        expect(await turnIds()).toEqual(['request-1']);
        expect(await stateOf(openingOf())).toMatchObject({ state: 'done', answer: answerOf('request-1') });
      });

      test('of another body is a conflict, of another user or session another claim', async () => {
        await store.open(openingOf());
        expect(await stateOf(openingOf({ bodyHash: 'other' }))).toEqual({ state: 'conflict' });
        for (const other of [{ userId: 'bob' }, { sessionId: 'other' }]) {
          const claimed = await stateOf(openingOf({ claim: { ...claim(), ...other } }));
          expect(claimed.state).toBe('owned');
          expect(await store.find({ ...claim(), userId: 'eve' })).toBeUndefined();
        }
      });

      test('under an Idempotency-Key is found by its request id, too', async () => {
        await store.open(openingOf({ claim: claim('idempotency-key') }));
        const kept = { claim: claim('idempotency-key'), request: { message: 'Hello', remember: true } };
        await store.findCached({ owner: 'request-1', kept });
        expect(await store.find(claim('request-1'))).toMatchObject({
          key: 'idempotency-key',
          claim: { state: 'following', requestId: 'request-1' },
          leaseLive: true,
          request: { message: 'Hello' },
        });
        expect(await store.requestStop(claim('request-1'))).toBe(true);
        expect(await store.renewLease(claim('idempotency-key'), 'generation-1')).toMatchObject({
          held: true,
          stopRequested: true,
        });
      });

      test('whose lease ran out twice stops no third replica', async () => {
        await store.open(openingOf());
        await expireLease();
        expect(await stateOf(openingOf({ generation: 'generation-2' }))).toMatchObject({ state: 'owned' });
        expect(await stateOf(openingOf())).toMatchObject({ state: 'following' });
        await expireLease();
        for (const generation of ['generation-3', 'generation-4']) {
          expect(await stateOf(openingOf({ generation }))).toEqual({
            state: 'exhausted',
            requestId: 'request-1',
          });
        }
        expect(await store.renewLease(claim(), 'generation-3')).toMatchObject({ held: false });
      });

      test('that its owner gives up may be taken over again and again', async () => {
        for (const generation of ['generation-1', 'generation-2', 'generation-3', 'generation-4']) {
          expect(await stateOf(openingOf({ generation }))).toMatchObject({ state: 'owned', generation });
          await store.abandon(claim(), generation, 'released');
        }
      });

      test('that was given up is taken over at once; one that was stopped stays stopped', async () => {
        await store.open(openingOf());
        await store.abandon(claim(), 'generation-1', 'released');
        expect(await stateOf(openingOf({ generation: 'generation-2' }))).toMatchObject({ state: 'owned' });
        await store.abandon(claim(), 'generation-2', 'stopped');
        expect(await stateOf(openingOf())).toMatchObject({ state: 'stopped' });
        expect(await store.requestStop(claim())).toBe(false);
      });

      test('that the server forgot is still its owner’s, who closes it', async () => {
        await store.open(openingOf());
        await state.forget();
        expect(await store.renewLease(claim(), 'generation-1')).toMatchObject({ held: true });
        expect(await store.close(closingOf())).toBe(true);
        expect(await turnIds()).toEqual(['request-1']);
      });
    });

    describe('a session', () => {
      const chat = async (number: number, more: Partial<CloseChat> = {}) => {
        const requestId = `request-${number}`;
        const { session } = await store.open(openingOf({ requestId }));
        return store.close(closingOf(requestId, { sessionStartedAt: session?.startedAt, ...more }));
      };

      test('keeps its newest 200 turns, counts all, and opens with the newest few, oldest first', async () => {
        for (let number = 1; number <= 203; number += 1) await chat(number);
        const { session, turns } = await store.open(openingOf({ requestId: 'request-204' }));
        expect(session?.turnCount).toBe(203);
        expect(turns.map(({ requestId }) => requestId)).toEqual(
          [198, 199, 200, 201, 202, 203].map((number) => `request-${number}`),
        );
        expect(await turnIds()).toHaveLength(200);
      });

      test('remembers role, campus and that it asked for them', async () => {
        await chat(1, { audience: { role: 'student' } });
        await chat(2, { audience: { campus: 'Heilbronn' }, askedForAudience: true });
        await chat(3);
        expect(await sessions.find(caller)).toMatchObject({
          role: 'student',
          campus: 'Heilbronn',
          askedForAudience: true,
          turnCount: 3,
        });
      });

      test('that is ended while an answer is written is not revived by it', async () => {
        await chat(1);
        const { session } = await store.open(openingOf({ requestId: 'request-2' }));
        expect(await sessions.end(caller)).toMatchObject({ turnCount: 1 });
        expect(await store.close(closingOf('request-2', { sessionStartedAt: session?.startedAt }))).toBe(
          true,
        );
        expect(await sessions.findHistory(caller)).toBeUndefined();
        expect(await sessions.end(caller)).toBeUndefined();
      });

      test('that was ended starts anew when it is started', async () => {
        await chat(1);
        await sessions.end(caller);
        await sessions.start(caller, { role: 'visitor' });
        await chat(2);
        expect(await turnIds()).toEqual(['request-2']);
        expect(await sessions.find(caller)).toMatchObject({ role: 'visitor', turnCount: 1 });
      });
    });

    describe('what is cached for a question', () => {
      test('comes with the right to write its answer, for one asker at a time', async () => {
        const findFor = async (owner: string) =>
          (await store.findCached({ answerKey: 'question', owner })).answerTicket;
        expect(await findFor('request-1')).toEqual({ state: 'acquired' });
        expect(await findFor('request-1')).toEqual({ state: 'acquired' });
        expect(await findFor('request-2')).toEqual({ state: 'busy' });
        await store.open(openingOf());
        await store.close(closingOf('request-1', { answerKey: 'question' }));
        expect(await findFor('request-2')).toMatchObject({ state: 'cached', answer: { response: 'Hi' } });
      });

      test('is nothing where nothing was asked for', async () => {
        expect(await store.findCached({ owner: 'request-1' })).toEqual({
          answerTicket: undefined,
          cachedEmbedding: undefined,
        });
      });
    });

    describe('a live reply', () => {
      test('is read in order, from its start or from where a reader was', async () => {
        const { replyStream } = state;
        expect(await replyStream.read('generation-1')).toEqual({ records: [], cursor: undefined });
        await replyStream.append('generation-1', [
          { type: 'sources', sources: [] },
          { type: 'text', text: 'Hel' },
        ]);
        const first = await replyStream.read('generation-1');
        expect(first.records.map(({ type }) => type)).toEqual(['sources', 'text']);
        expect(await replyStream.read('generation-1', first.cursor)).toEqual({
          records: [],
          cursor: first.cursor,
        });
        await replyStream.append('generation-1', [{ type: 'text', text: 'lo' }, { type: 'end' }]);
        const { records } = await replyStream.read('generation-1', first.cursor);
        expect(records).toEqual([{ type: 'text', text: 'lo' }, { type: 'end' }]);
        expect((await replyStream.read('generation-2')).records).toEqual([]);
      });
    });

    describe('the right to write a shared answer', () => {
      test('is one asker’s at a time, who may give it back', async () => {
        const { answerCache } = state;
        const acquire = async (owner: string) => (await answerCache.acquire('question', owner)).state;
        expect(await acquire('one')).toBe('acquired');
        expect(await acquire('two')).toBe('busy');
        await answerCache.renew('question', 'two');
        await answerCache.giveUp('question', 'two');
        expect(await acquire('two')).toBe('busy');
        await answerCache.renew('question', 'one');
        await answerCache.giveUp('question', 'one');
        // Whoever waited is told to write its own, and not to wait for the next.
        expect(await acquire('two')).toBe('uncacheable');
        expect(await acquire('three')).toBe('uncacheable');
      });
    });

    describe('a session id', () => {
      test('is agreed on once for a purpose', async () => {
        const proposed = { sessionId: 'first', bodyHash: '' };
        expect(await sessions.agreeOnId('purpose', proposed, 'ada')).toEqual(proposed);
        expect(await sessions.agreeOnId('purpose', { sessionId: 'second', bodyHash: '' }, 'ada')).toEqual(
          proposed,
        );
        expect(await sessions.agreeOnId('other', { sessionId: 'third', bodyHash: '' }, 'ada')).toMatchObject({
          sessionId: 'third',
        });
      });
    });

    describe('what is held of a user', () => {
      test('is listed by session, and other people’s is not', async () => {
        await sessions.start(caller, { role: 'student' });
        await sessions.start({ userId: 'bob', sessionId: 'test' }, {});
        expect(await sessions.exportUser('ada')).toMatchObject([
          { sessionId: 'test', session: { role: 'student' } },
        ]);
        expect(await sessions.countActive()).toBe(2);
      });
    });
  });
}
