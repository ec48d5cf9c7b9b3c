import { describe, expect, test } from 'vitest';
import { createManualClock, settle } from '../../fakes/manual-clock.ts';
import { createMemoryChatState } from '../../fakes/memory-chat-state.ts';
import { caller, createReplica, createRequest, type Script } from './create-replica.ts';

const whole = 'In the main building.';
const slow: Script = { steps: ['In the ', 1000, 'main ', 1000, 'building.'] };
const claim = { ...caller, key: 'request-1' };

/** Replicas over one state, with one clock. */
function createCluster(...scripts: (readonly Script[] | undefined)[]) {
  const clock = createManualClock();
  const state = createMemoryChatState(clock);
  const replicas = scripts.map((script) =>
    createReplica({ state, clock, ...(script && { scripts: script }) }),
  );
  return { clock, state, replicas: replicas as [(typeof replicas)[0], (typeof replicas)[0]] };
}

const turns = async ({ sessionStore }: ReturnType<typeof createMemoryChatState>) =>
  ((await sessionStore.findHistory(caller)) ?? []).map(({ requestId }) => requestId);

describe('a question', () => {
  test('is answered, its turn and its statistics stored once', async () => {
    const { clock, state, replicas } = createCluster(undefined);
    const heard = replicas[0].ask();
    await clock.advance(100);
    expect(heard.events.map(({ type }) => type)).toEqual(['sources', 'delta', 'delta', 'done']);
    expect([heard.text(), heard.answer()?.response]).toEqual([whole, whole]);
    expect(await turns(state)).toEqual(['request-1']);
    expect(state.events.map(({ id }) => id)).toEqual(['request-1']);
    expect(replicas[0].answered).toHaveLength(1);
    expect(replicas[0].answerQuestion.activeCount()).toBe(0);
  });

  test('of which nothing is to be remembered leaves no turn', async () => {
    const { clock, state, replicas } = createCluster(undefined);
    const heard = replicas[0].ask(createRequest({ remember: false }));
    await clock.advance(100);
    expect(heard.answer()?.response).toBe(whole);
    expect(await turns(state)).toEqual([]);
  });

  test('asked again after it was answered gets the same answer, which nobody composes again', async () => {
    const { clock, state, replicas } = createCluster(undefined, undefined);
    replicas[0].ask();
    await clock.advance(100);
    const again = replicas[1].ask();
    await clock.advance(100);
    expect(again.answer()?.response).toBe(whole);
    expect(replicas[1].contexts).toEqual([]);
    expect(await turns(state)).toEqual(['request-1']);
  });

  test('under a key that another question has is a conflict', async () => {
    const { clock, replicas } = createCluster([slow]);
    replicas[0].ask(createRequest({ idempotencyKey: 'key' }));
    await settle();
    const other = replicas[0].ask(createRequest({ idempotencyKey: 'key', message: 'Something else?' }));
    await clock.advance(10);
    expect(other.error()).toMatchObject({ code: 'CONFLICT' });
  });

  test('that fails leaves its claim to the next try, and is counted', async () => {
    const { clock, state, replicas } = createCluster([
      { steps: ['In the ', new Error('a bug')] },
      { steps: [whole] },
    ]);
    const heard = replicas[0].ask();
    await clock.advance(100);
    expect(heard.error()).toMatchObject({ message: 'a bug' });
    expect(replicas[0].failed.map(({ requestId }) => requestId)).toEqual(['request-1']);
    const again = replicas[0].ask();
    await clock.advance(100);
    expect(again.answer()?.response).toBe(whole);
    expect(await turns(state)).toEqual(['request-1']);
  });
});

describe('a second try of a question', () => {
  test('on the same replica reads the answer that is being written', async () => {
    const { clock, replicas } = createCluster([slow]);
    const first = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(500);
    const second = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(2000);
    expect([first.text(), second.text()]).toEqual([whole, whole]);
    expect(replicas[0].contexts).toHaveLength(1);
  });

  test('on another replica follows it while it is written', async () => {
    const { clock, state, replicas } = createCluster([slow], undefined);
    replicas[0].ask(createRequest(), 'stream');
    await clock.advance(500);
    const second = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(900);
    expect(second.text()).toBe('In the main ');
    await clock.advance(2000);
    expect([second.text(), second.answer()?.response]).toEqual([whole, whole]);
    expect(replicas[1].contexts).toEqual([]);
    expect(await turns(state)).toEqual(['request-1']);
  });

  test('gets text that its copy missed with the end', async () => {
    const { clock, state, replicas } = createCluster([slow], undefined);
    replicas[0].ask(createRequest(), 'json');
    await clock.advance(500);
    const second = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(3000);
    expect((await state.replyStream.read('none')).records).toEqual([]);
    expect(second.events.map(({ type }) => type)).toEqual(['sources', 'delta', 'done']);
    expect(second.text()).toBe(whole);
  });

  test('takes over from a replica that is gone, once', async () => {
    const { clock, state, replicas } = createCluster([slow], undefined);
    replicas[0].ask(createRequest(), 'stream');
    await clock.advance(100);
    state.expireLease(claim);
    const second = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(100);
    expect(second.answer()?.response).toBe(whole);
    expect(replicas[1].contexts[0]?.requestId).toBe('request-1');
    await clock.advance(5000);
    expect(await turns(state)).toEqual(['request-1']);
    expect(state.events).toHaveLength(1);
  });

  test('stops no third replica', async () => {
    const { clock, state, replicas } = createCluster([slow], [slow]);
    replicas[0].ask();
    await settle();
    state.expireLease(claim);
    replicas[1].ask();
    await settle();
    state.expireLease(claim);
    const third = createReplica({ state, clock }).ask();
    await clock.advance(10);
    expect(third.error()).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  test('follows from the start again when the text begins again', async () => {
    const restarting: Script = {
      steps: ['Nonsense ', 1000, { restart: true }, 'In the ', 1000, 'main building.'],
    };
    const { clock, replicas } = createCluster([restarting], undefined);
    const first = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(500);
    const second = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(400);
    expect(second.text()).toBe('Nonsense ');
    await clock.advance(3000);
    for (const heard of [first, second]) {
      expect(heard.text()).toBe(whole);
      expect(heard.events.some(({ type }) => type === 'restart')).toBe(true);
    }
  });

  test('that waits for longer than an answer may take is told so', async () => {
    const { clock, replicas } = createCluster([{ steps: [60_000, whole] }], undefined);
    replicas[0].ask(createRequest(), 'stream');
    await settle();
    const second = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(31_000);
    expect(second.error()).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});

describe('a replica that was frozen', () => {
  test('gives its readers the answer of the one that took over', async () => {
    const { clock, state, replicas } = createCluster([slow], [{ steps: ['On the second floor.'] }]);
    const first = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(100);
    state.expireLease(claim);
    replicas[1].ask(createRequest(), 'stream');
    await clock.advance(3000);
    expect([first.text(), first.answer()?.response]).toEqual([
      'On the second floor.',
      'On the second floor.',
    ]);
    expect(await turns(state)).toEqual(['request-1']);
    expect(replicas[0].answered).toEqual([]);
  });

  test('and finds its claim taken as it begins its text again follows, too', async () => {
    const restarting: Script = { steps: ['Nonsense ', 100, { restart: true }, 'In the '] };
    const { clock, state, replicas } = createCluster([restarting], [{ steps: ['On the second floor.'] }]);
    const first = replicas[0].ask(createRequest(), 'stream');
    await settle();
    state.expireLease(claim);
    replicas[1].ask(createRequest(), 'stream');
    await clock.advance(3000);
    expect(first.text()).toBe('On the second floor.');
  });

  test('and whose successor is gone as well says so', async () => {
    const { clock, state, replicas } = createCluster([slow], [{ steps: [60_000] }]);
    const first = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(100);
    state.expireLease(claim);
    replicas[1].ask(createRequest(), 'stream');
    await clock.advance(600);
    state.forget();
    await clock.advance(1000);
    expect(first.error()).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});

describe('an answer whose reader leaves', () => {
  test('ends at once when it was a plain reply, and may be asked again', async () => {
    const { clock, replicas } = createCluster([slow, { steps: [whole] }]);
    const heard = replicas[0].ask(createRequest(), 'json');
    await clock.advance(100);
    await heard.leave();
    await clock.advance(10);
    expect(replicas[0].answerQuestion.activeCount()).toBe(0);
    expect(replicas[0].failed).toEqual([]);
    const again = replicas[0].ask(createRequest(), 'json');
    await clock.advance(100);
    expect(again.answer()?.response).toBe(whole);
  });

  test('goes on for 15 s as a stream, and ends when nobody comes back', async () => {
    const { clock, state, replicas } = createCluster([{ steps: ['In the ', 60_000, 'end'] }]);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(1000);
    await heard.leave();
    await clock.advance(14_000);
    expect(replicas[0].answerQuestion.activeCount()).toBe(1);
    await clock.advance(2000);
    expect(replicas[0].answerQuestion.activeCount()).toBe(0);
    expect(await turns(state)).toEqual([]);
  });

  test('goes on while somebody reads it on another replica', async () => {
    const { clock, replicas } = createCluster([{ steps: ['In the ', 25_000, 'end'] }], undefined);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(1000);
    await heard.leave();
    const back = replicas[1].resume();
    await clock.advance(26_000);
    expect(back.answer()?.response).toBe('In the end');
  });

  test('is complete for whoever comes back within that time', async () => {
    const { clock, replicas } = createCluster([slow]);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(500);
    await heard.leave();
    await clock.advance(500);
    const back = replicas[0].resume();
    await clock.advance(3000);
    expect(back.text()).toBe(whole);
    expect(replicas[0].contexts).toHaveLength(1);
  });
});

describe('stopping an answer', () => {
  test.each([0, 1])('works from replica %i', async (from) => {
    const { clock, state, replicas } = createCluster([slow], undefined);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(100);
    expect(await replicas[from]?.answerQuestion.stop(caller, 'request-1')).toBe(true);
    await clock.advance(600);
    expect(heard.error()).toMatchObject({ code: 'CONFLICT' });
    expect(await turns(state)).toEqual([]);
    expect(replicas[0].failed).toEqual([]);
    const again = replicas[1].ask();
    await clock.advance(10);
    expect(again.error()).toMatchObject({ code: 'CONFLICT' });
    expect(await replicas[0].answerQuestion.stop(caller, 'request-1')).toBe(false);
  });

  test('is heard at the next renewal where the message was lost', async () => {
    const { clock, state } = createCluster();
    const { onStop: _, ...rest } = state.chatStore;
    const deaf = createReplica({
      state: { ...state, chatStore: { ...rest, onStop: () => () => {} } },
      clock,
      scripts: [slow],
    });
    const heard = deaf.ask(createRequest(), 'stream');
    await clock.advance(100);
    await state.chatStore.requestStop(claim);
    await clock.advance(600);
    expect(heard.error()).toMatchObject({ code: 'CONFLICT' });
  });

  test('tells whoever follows elsewhere', async () => {
    const { clock, replicas } = createCluster([slow], undefined);
    replicas[0].ask(createRequest(), 'stream');
    await settle();
    const follower = replicas[1].ask(createRequest(), 'stream');
    await clock.advance(100);
    await replicas[1].answerQuestion.stop(caller, 'request-1');
    await clock.advance(1000);
    expect(follower.error()).toMatchObject({ code: 'CONFLICT' });
  });
});

describe('the same question of many', () => {
  const ask = (replica: ReturnType<typeof createReplica>, number: number) =>
    replica.ask(
      createRequest({ requestId: `request-${number}`, caller: { ...caller, userId: `user-${number}` } }),
    );

  test('is composed by one, for all who wait', async () => {
    const { clock, replicas } = createCluster([slow], undefined);
    const heard = [ask(replicas[0], 1), ask(replicas[0], 2), ask(replicas[1], 3)];
    await clock.advance(4000);
    expect(heard.map((each) => each.text())).toEqual([whole, whole, whole]);
    expect(heard.map((each) => each.answer()?.cached)).toEqual([false, true, true]);
    expect(heard.map((each) => each.answer()?.requestId)).toEqual(['request-1', 'request-2', 'request-3']);
  });

  test('is composed by each when the answer cannot be shared', async () => {
    const { clock, state, replicas } = createCluster(
      [{ steps: [500, whole], isShareable: false }],
      [{ steps: ['My own.'] }],
    );
    const first = ask(replicas[0], 1);
    await settle();
    const second = ask(replicas[1], 2);
    await clock.advance(1000);
    expect([first.text(), second.text()]).toEqual([whole, 'My own.']);
    expect(await state.answerCache.acquire('other', 'x')).toEqual({ state: 'acquired' });
  });

  test('is composed by the next when the first one’s fails', async () => {
    const { clock, replicas } = createCluster(
      [{ steps: [500, new Error('a bug')] }],
      [{ steps: ['My own.'] }],
    );
    ask(replicas[0], 1);
    await settle();
    const second = ask(replicas[1], 2);
    await clock.advance(1000);
    expect(second.text()).toBe('My own.');
  });

  test('is no longer waited for when the time for an own answer runs short', async () => {
    const { clock, replicas } = createCluster([{ steps: [20_000, whole] }], [{ steps: ['My own.'] }]);
    ask(replicas[0], 1);
    await settle();
    const second = ask(replicas[1], 2);
    await clock.advance(6000);
    expect(second.text()).toBe('My own.');
  });

  test('with a conversation before it is nobody else’s', async () => {
    const { clock, replicas } = createCluster(undefined);
    replicas[0].ask(createRequest({ history: [{ question: 'Hello', answer: 'Hi' }] }));
    await clock.advance(10);
    expect(replicas[0].contexts[0]?.sharedAnswer).toBeUndefined();
    expect(replicas[0].contexts[0]?.turns).toEqual([{ question: 'Hello', answer: 'Hi' }]);
  });
});

describe('without the store', () => {
  test('an answer comes, says what it did without, and its event travels by itself', async () => {
    const { clock, state, replicas } = createCluster(undefined);
    state.setOut(true);
    const heard = replicas[0].ask();
    await clock.advance(100);
    expect(heard.answer()).toMatchObject({ response: whole, degraded: ['redis'] });
    expect(replicas[0].recorded).toMatchObject([{ id: 'request-1', degraded: ['redis'] }]);
    state.setOut(false);
    expect(await turns(state)).toEqual([]);
  });

  test('at its end, an answer comes all the same, and its event says so', async () => {
    const { clock, state, replicas } = createCluster([slow]);
    const heard = replicas[0].ask();
    await clock.advance(1500);
    state.setOut(true);
    await clock.advance(2000);
    expect(heard.answer()).toMatchObject({ response: whole, degraded: ['redis'] });
    expect(replicas[0].recorded).toMatchObject([{ degraded: ['redis'] }]);
    expect(state.events).toEqual([]);
  });

  test('when its text begins again, an answer goes on unprotected', async () => {
    const restarting: Script = { steps: ['Nonsense ', 1000, { restart: true }, whole] };
    const { clock, state, replicas } = createCluster([restarting]);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(500);
    state.setOut(true);
    await clock.advance(2000);
    expect(heard.text()).toBe(whole);
    expect(heard.answer()?.degraded).toEqual(['redis']);
  });

  test('between opening and reading what is cached, an answer goes on', async () => {
    const { clock, state } = createCluster();
    const chatStore = {
      ...state.chatStore,
      findCached: async () => {
        state.setOut(true);
        return state.chatStore.findCached({ owner: 'x' });
      },
    };
    const replica = createReplica({ state: { ...state, chatStore }, clock });
    const heard = replica.ask();
    await clock.advance(1000);
    expect(heard.answer()).toMatchObject({ response: whole, degraded: ['redis'] });
  });

  test('a bug in it is a bug', async () => {
    const { clock, state } = createCluster();
    const broken = (): Promise<never> => Promise.reject(new TypeError('a bug'));
    for (const method of ['open', 'findCached', 'close'] as const) {
      const chatStore = { ...state.chatStore, [method]: broken };
      const heard = createReplica({ state: { ...state, chatStore }, clock }).ask(
        createRequest({ requestId: `request-${method}` }),
      );
      await clock.advance(100);
      expect(heard.error(), method).toBeInstanceOf(TypeError);
    }
  });
});

describe('coming back to an answer', () => {
  test('that nobody knows is not found', async () => {
    const { clock, replicas } = createCluster(undefined);
    const heard = replicas[0].resume('request-9');
    await clock.advance(10);
    expect(heard.error()).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('whose writer is gone has it written again, from the start', async () => {
    const { clock, state, replicas } = createCluster([slow], [{ steps: ['On the second floor.'] }]);
    const heard = replicas[0].ask(createRequest(), 'stream');
    await clock.advance(100);
    await heard.leave();
    state.expireLease(claim);
    const back = replicas[1].resume();
    await clock.advance(100);
    expect(back.answer()?.response).toBe('On the second floor.');
  });

  test('under its Idempotency-Key works by its request id', async () => {
    const { clock, replicas } = createCluster(undefined, undefined);
    replicas[0].ask(createRequest({ idempotencyKey: 'key' }));
    await clock.advance(100);
    const back = replicas[1].resume();
    await clock.advance(100);
    expect(back.text()).toBe(whole);
  });

  test.each(['stopped', 'written', 'finished'])(
    'whose question only the client has and that is %s',
    async (how) => {
      const { clock, replicas } = createCluster([slow], undefined);
      replicas[0].ask(createRequest({ isKept: false }), 'stream');
      await clock.advance(100);
      if (how === 'stopped') await replicas[0].answerQuestion.stop(caller, 'request-1');
      if (how !== 'written') await clock.advance(3000);
      const back = replicas[1].resume();
      await clock.advance(4000);
      if (how === 'stopped') expect(back.error()).toMatchObject({ code: 'CONFLICT' });
      else expect(back.text()).toBe(whole);
    },
  );
});

describe('a replica that ends', () => {
  test('waits for the answers under way, and hears of no stop any more', async () => {
    const { clock, replicas } = createCluster([slow]);
    const heard = replicas[0].ask();
    await settle();
    let isSettled = false;
    void replicas[0].answerQuestion.settle().then(() => {
      isSettled = true;
    });
    await clock.advance(500);
    expect([isSettled, replicas[0].answerQuestion.activeCount()]).toEqual([false, 1]);
    await clock.advance(2000);
    expect([isSettled, heard.text()]).toEqual([true, whole]);
    replicas[0].answerQuestion.close();
  });
});
