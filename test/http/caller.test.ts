import { describe, expect, test } from 'vitest';
import { createSessionIds } from '../../src/domain/sessions/session-id.ts';
import type { AgreedSession } from '../../src/domain/sessions/session-store.ts';
import { createIdentifyCaller, type RequestMarks } from '../../src/http/caller.ts';

const uuid = '7f0c6a3e-2b1d-4c58-9a4e-0d1f2e3c4b5a';
const sessionIds = createSessionIds(() => 'salt');

function createCallers() {
  const agreed = new Map<string, AgreedSession>();
  const identify = createIdentifyCaller({
    sessionIds,
    sessionStore: {
      async agreeOnId(purpose, proposed) {
        if (!agreed.has(purpose)) agreed.set(purpose, proposed);
        return agreed.get(purpose) ?? proposed;
      },
    },
  });
  let count = 0;
  const marksOf = (marks: Partial<RequestMarks>) => {
    count += 1;
    return {
      requestId: `request-${count}`,
      requestSecret: `secret-${count}`,
      idempotency: undefined,
      ...marks,
    };
  };
  return {
    sessionOf: async (marks: Partial<RequestMarks> = {}, headers: Record<string, string> = {}) =>
      (await identify(headers, undefined, marksOf(marks))).sessionId,
  };
}

describe('a new session', () => {
  test('is the same for all tries of one request', async () => {
    const { sessionOf } = createCallers();
    const marks = { requestId: 'request', requestSecret: 'secret' };
    expect(await sessionOf(marks)).toBe(await createCallers().sessionOf(marks));
  });

  test('cannot be opened by what a reply shows: the id of its request', async () => {
    const { sessionOf } = createCallers();
    const victim = await sessionOf({ requestId: 'request', requestSecret: 'secret' });
    expect(await sessionOf({ requestId: 'request' })).not.toBe(victim);
  });
});

describe('an Idempotency-Key without a session id', () => {
  test.each([
    'order-0001',
    '00000000-0000-0000-0000-000000000000',
    // Of time and machine, and of a name: both can be computed.
    '2c5ea4c0-4067-11e9-8b2d-1b9d6bcdbbfd',
    '74738ff5-5367-5958-9aee-98fffdcd1876',
  ])('is refused when it can be guessed: %s', async (key) => {
    const { sessionOf } = createCallers();
    for (const headers of [{}, { 'x-user-id': 'ada' }, { 'x-session-id': 'chosen' }]) {
      await expect(sessionOf({ idempotency: { route: '/api/chat', key } }, headers)).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('UUID'),
      });
    }
  });

  test('opens the same session for the same route and user, and for no other', async () => {
    const { sessionOf } = createCallers();
    const idempotency = { route: '/api/chat', key: uuid };
    const first = await sessionOf({ idempotency });
    expect(await sessionOf({ idempotency })).toBe(first);
    expect(await sessionOf({ idempotency: { ...idempotency, route: '/api/session/start' } })).not.toBe(first);
    expect(await sessionOf({ idempotency }, { 'x-user-id': 'ada' })).not.toBe(first);
  });

  test('is refused with another body', async () => {
    const { sessionOf } = createCallers();
    const idempotency = { route: '/api/session/start', key: uuid, bodyHash: 'one' };
    for (const headers of [{}, { 'x-user-id': 'ada', 'x-session-id': 'chosen' }]) {
      await sessionOf({ idempotency }, headers);
      const other = sessionOf({ idempotency: { ...idempotency, bodyHash: 'two' } }, headers);
      await expect(other).rejects.toMatchObject({ code: 'CONFLICT' });
    }
  });
});

test('a session that a named user chose may be used with any key', async () => {
  const { sessionOf } = createCallers();
  const idempotency = { route: '/api/chat', key: 'order-0001' };
  expect(await sessionOf({ idempotency }, { 'x-user-id': 'ada', 'x-session-id': 'test' })).toBe('test');
});

test('an anonymous caller keeps only an id that the service made', async () => {
  const { sessionOf } = createCallers();
  const ours = await sessionOf();
  expect(await sessionOf({}, { 'x-session-id': ours })).toBe(ours);
  for (const wanted of ['default', `${ours.slice(0, -1)}x`, ours.split('.')[0] ?? '']) {
    expect(await sessionOf({}, { 'x-session-id': wanted })).not.toBe(wanted);
  }
});
