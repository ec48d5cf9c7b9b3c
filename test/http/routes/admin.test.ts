import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { AdminAction } from '../../../src/domain/access/admin-action.ts';
import { AppError, DependencyError } from '../../../src/domain/errors.ts';
import type { DataSubject, PersonalData } from '../../../src/domain/statistics/data-subject.ts';
import {
  createUserRecords,
  type UserRecordsDependencies,
} from '../../../src/domain/statistics/user-records.ts';
import { auditAction } from '../../../src/http/middleware/audit.ts';
import { type AdminRoutesDependencies, createAdminRoutes } from '../../../src/http/routes/admin.ts';
import { guardWith } from '../../fixtures/admin-guard.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';

const createdAt = new Date('2026-03-01T10:00:00Z');
const version = (number: number) => ({
  version: number,
  embeddingModel: 'local',
  dimension: 512,
  entryCount: 7,
  createdAt,
});
const wireVersion = (number: number) => ({
  version: number,
  embedding_model: 'local',
  entries: 7,
  created_at: createdAt.toISOString(),
});

const placeOf = (place: string, erased: number): PersonalData<number> => ({
  erase: async () => erased,
  search: async () => ({ place, records: 10, found: [] }),
});

function createApp(
  changes: Partial<AdminRoutesDependencies> = {},
  records: Partial<UserRecordsDependencies> = {},
) {
  const reset: string[] = [];
  const audited: AdminAction[] = [];
  const routes = createAdminRoutes({
    restrictNetwork: async (_, next) => next(),
    authorize: guardWith(['token']),
    audit: auditAction({
      record: async (action) => {
        audited.push(action);
      },
    }),
    nameAudited: (userId) => `hash of ${userId}`,
    knowledge: {
      listVersions: async () => [
        { ...version(1), live: false, indexedCount: undefined },
        { ...version(2), live: true, indexedCount: 7 },
      ],
      activate: async (number) => version(number),
      reindex: async () => version(3),
    },
    loadedVersion: () => 2,
    userRecords: createUserRecords({
      sessionStore: {
        exportUser: async () => [
          {
            sessionId: 's1',
            session: {
              startedAt: createdAt,
              lastActiveAt: createdAt,
              role: 'student',
              turnCount: 1,
              askedForAudience: false,
            },
            turns: [{ requestId: 'r1', question: 'Q', answer: 'A', answeredAt: createdAt }],
          },
        ],
      },
      chats: placeOf('redis', 1),
      statistics: {
        ...placeOf('postgres', 4),
        exportUser: async () => ({ chat_interactions: [{ id: 'r1' }] }),
      },
      logs: placeOf('log files', 2),
      notSearched: [{ place: 'backups', reason: 'Out of reach.' }],
      kept: [{ place: 'tombstone', reason: 'Nothing comes back.', goneAfterSeconds: 900 }],
      ...records,
    }),
    forgetUsage: async (address) => {
      reset.push(address);
    },
    replyLimitMs: 1000,
    logger: pino({ level: 'silent' }),
    ...changes,
  });
  const app = createTestApp(routes);
  const call = (method: string, path: string, body?: object, token = 'token') =>
    app.request(`/api/admin${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  return { routes, call, reset, audited };
}

describe('the operators’ interface', () => {
  const refusal = { outcome: 'refused', failures: 1, lockedMs: 0 } as const;
  const requests = createApp().routes.routes.filter(({ method }) => method !== 'ALL');

  test.each([
    ['a wrong token', ['token'], 'wrong'],
    ['no token configured', [], 'token'],
  ])('is closed as a whole with %s', async (_, configured, given) => {
    const { call } = createApp({
      authorize: guardWith(configured, { lockOut: { judge: async () => refusal } }),
    });
    for (const { method, path } of requests) {
      const reply = await call(
        method,
        path.replace('/api/admin', '').replace(':id', 'ga12abc'),
        undefined,
        given,
      );
      expect(reply.status, path).toBe(401);
    }
    expect(requests.length).toBeGreaterThan(5);
  });
});

describe('a wrong token', () => {
  test('locks its address out, for right ones too', async () => {
    const { call } = createApp();
    const statuses = [];
    for (const token of ['guess', 'guess', 'token']) {
      statuses.push((await call('GET', '/knowledge', undefined, token)).status);
    }
    expect(statuses).toEqual([401, 429, 429]);
    const locked = await call('GET', '/knowledge');
    expect(locked.headers.get('Retry-After')).toBe('1');
    expect(await locked.json()).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
  });
});

describe('the audit table', () => {
  test('is told of an action before it is done and after, without the name of a person', async () => {
    const { call, audited } = createApp();
    await call('DELETE', '/users/ga12abc');
    const action = {
      id: 'request-1',
      at: expect.any(Date),
      operator: 'name of token',
      action: 'DELETE /api/admin/users/:id',
      address: '192.0.2.1',
    };
    expect(audited).toEqual([action, { ...action, target: 'user hash of ga12abc', status: 200 }]);
  });

  test.each([
    ['POST', '/knowledge/reindex', undefined, undefined],
    ['POST', '/knowledge/activate', { version: 2 }, 'version 2'],
    ['GET', '/users/ga12abc/export', undefined, 'user hash of ga12abc'],
    ['POST', '/rate-limit/unblock', { address: '192.0.2.7' }, '192.0.2.7'],
  ])('holds %s %s', async (method, path, body, target) => {
    const { call, audited } = createApp();
    await call(method, path, body);
    expect(audited.at(-1)?.target).toBe(target);
    expect(audited.at(-1)?.status).toBe(200);
  });

  test('holds what was refused, and nothing of those who are not let in', async () => {
    const { call, audited } = createApp();
    await call('POST', '/knowledge/activate', { version: 0 });
    expect(audited.at(-1)).toMatchObject({ status: 400 });
    await call('POST', '/knowledge/reindex', undefined, 'guess');
    expect(audited).toHaveLength(2);
  });
});

describe('knowledge', () => {
  test('is listed by version, with the live one and the state of each index', async () => {
    const reply = await createApp().call('GET', '/knowledge');
    expect(await reply.json()).toMatchObject({
      live_version: 2,
      loaded_version: 2,
      versions: [
        { ...wireVersion(1), live: false, index: 'missing' },
        { ...wireVersion(2), live: true, index: 'complete' },
      ],
      request_id: 'request-1',
    });
  });

  test('is indexed anew once at a time, and behind the reply when it takes long', async () => {
    let runs = 0;
    const finish: (() => void)[] = [];
    const reindex = () => {
      runs += 1;
      return new Promise<ReturnType<typeof version>>((resolve) => finish.push(() => resolve(version(3))));
    };
    const { call } = createApp({
      knowledge: { listVersions: async () => [], activate: async () => version(1), reindex },
      replyLimitMs: 50,
    });
    expect(await (await call('POST', '/knowledge/reindex')).json()).toMatchObject({
      state: 'running',
      version: null,
    });
    const second = call('POST', '/knowledge/reindex');
    await delay(0);
    finish[0]?.();
    expect(await (await second).json()).toMatchObject({ state: 'done', version: wireVersion(3) });
    expect(runs).toBe(1);
    await delay(0);
    await call('POST', '/knowledge/reindex');
    expect(runs).toBe(2);
  });

  test('goes back to a kept version', async () => {
    const reply = await createApp().call('POST', '/knowledge/activate', { version: 1 });
    expect(await reply.json()).toMatchObject({ version: wireVersion(1) });
  });

  test('tells of a version that is not kept', async () => {
    const activate = async () => {
      throw new AppError('NOT_FOUND', 'There is no version 9.');
    };
    const { call } = createApp({
      knowledge: { listVersions: async () => [], activate, reindex: async () => version(1) },
    });
    expect((await call('POST', '/knowledge/activate', { version: 9 })).status).toBe(404);
    expect((await call('POST', '/knowledge/activate', { version: 'nine' })).status).toBe(400);
  });
});

describe('a user', () => {
  test('is exported with sessions, turns and statistics', async () => {
    const reply = await createApp().call('GET', '/users/ga12abc/export');
    expect(await reply.json()).toMatchObject({
      user_id: 'ga12abc',
      sessions: [{ session_id: 's1', user_role: 'student', turns: [{ request_id: 'r1', question: 'Q' }] }],
      statistics: { chat_interactions: [{ id: 'r1' }] },
    });
  });

  test('is erased from every store', async () => {
    const reply = await createApp().call('DELETE', '/users/ga12abc');
    expect(await reply.json()).toMatchObject({
      user_id: 'ga12abc',
      sessions: 1,
      statistics_rows: 4,
      log_lines: 2,
      complete: true,
      searched: [{ place: 'redis', records: 10, found: [] }, { place: 'postgres' }, { place: 'log files' }],
      not_searched: [{ place: 'backups', gone_after: null }],
      kept: [{ place: 'tombstone', gone_after: 900 }],
    });
  });

  test('is not called erased while a search finds something', async () => {
    const found = [{ place: 'app.api-1.1.log', records: 3 }];
    const logs = { erase: async () => 0, search: async () => ({ place: 'log files', records: 9, found }) };
    const reply = await createApp({}, { logs }).call('DELETE', '/users/ga12abc');
    expect(await reply.json()).toMatchObject({
      complete: false,
      searched: [{}, {}, { place: 'log files', records: 9, found }],
    });
  });

  test('without a name is erased by the id of a session', async () => {
    const erased: DataSubject[] = [];
    const chats = {
      ...placeOf('redis', 1),
      erase: async (subject: DataSubject) => {
        erased.push(subject);
        return 1;
      },
    };
    const reply = await createApp({}, { chats }).call('DELETE', '/sessions/one.tag');
    expect(await reply.json()).toMatchObject({ session_id: 'one.tag', sessions: 1, complete: true });
    expect(erased).toEqual([{ userId: 'anonymous', sessionId: 'one.tag' }]);
  });

  test('is not called erased while a store is out, and is erased from the other all the same', async () => {
    let erased = 0;
    const reply = await createApp(
      {},
      {
        chats: {
          ...placeOf('redis', 1),
          erase: () => Promise.reject(new DependencyError('redis', 'unavailable', 'down')),
        },
        statistics: {
          ...placeOf('postgres', 4),
          exportUser: async () => ({}),
          erase: async () => {
            erased += 1;
            return 4;
          },
        },
      },
    ).call('DELETE', '/users/ga12abc');
    expect(reply.status).toBe(503);
    expect(erased).toBe(1);
  });

  test('is never everybody without a name', async () => {
    const { call } = createApp();
    expect((await call('DELETE', '/users/anonymous')).status).toBe(400);
    expect((await call('GET', '/users/anonymous/export')).status).toBe(400);
  });
});

describe('an address', () => {
  test.each([
    ['192.0.2.17', '192.0.2.17'],
    ['::ffff:192.0.2.17', '192.0.2.17'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
  ])('%s is unblocked as it is counted', async (given, counted) => {
    const { call, reset } = createApp();
    const reply = await call('POST', '/rate-limit/unblock', { address: given });
    expect(await reply.json()).toMatchObject({ address: counted });
    expect(reset).toEqual([counted]);
  });

  test('must be one', async () => {
    const { call, reset } = createApp();
    expect((await call('POST', '/rate-limit/unblock', { address: 'everyone' })).status).toBe(400);
    expect(reset).toEqual([]);
  });
});
