import { expect, test } from 'vitest';
import type { AdminAction } from '../../../src/domain/access/admin-action.ts';
import { createAuditTrail } from '../../../src/domain/access/audit-trail.ts';

const action = (id: string): AdminAction => ({
  id,
  at: new Date('2026-03-01T10:00:00Z'),
  operator: 'f00d',
  action: 'POST /api/admin/knowledge/reindex',
  address: '192.0.2.1',
});

function openTrail() {
  const out = { store: false, queue: false };
  const stored: string[] = [];
  const lost: string[] = [];
  let waiting: { queueId: string; action: AdminAction }[] = [];
  let deletedBefore: Date | undefined;
  const need = (name: keyof typeof out) => {
    if (out[name]) throw new Error(`${name} is out`);
  };
  const trail = createAuditTrail({
    store: {
      async record(actions) {
        need('store');
        stored.push(...actions.map(({ id }) => id));
      },
      async deleteBefore(instant) {
        deletedBefore = instant;
        return 0;
      },
    },
    queue: {
      async append(actions) {
        need('queue');
        waiting.push(...actions.map((each) => ({ queueId: each.id, action: each })));
      },
      async peek(count) {
        need('queue');
        return waiting.slice(0, count);
      },
      async remove(queueIds) {
        waiting = waiting.filter(({ queueId }) => !queueIds.includes(queueId));
      },
    },
    onDelayed: () => {},
    onLost: ({ id }) => lost.push(id),
    now: () => new Date('2026-03-01T10:00:00Z'),
  });
  return { trail, out, stored, lost, deletedBefore: () => deletedBefore };
}

test('an action is written at once', async () => {
  const { trail, stored } = openTrail();
  await trail.record(action('one'));
  expect(stored).toEqual(['one']);
});

test('an action waits through outages of both stores, and is written after them', async () => {
  const { trail, out, stored } = openTrail();
  out.store = true;
  await trail.record(action('one'));
  out.queue = true;
  await trail.record(action('two'));
  await expect(trail.catchUp()).rejects.toThrow('queue is out');
  out.queue = false;
  await expect(trail.catchUp()).rejects.toThrow('store is out');
  expect(stored).toEqual([]);
  out.store = false;
  await trail.catchUp();
  await trail.catchUp();
  expect(stored).toEqual(['one', 'two']);
});

test('what cannot be sent on before the end is named', async () => {
  const { trail, out, lost } = openTrail();
  out.store = true;
  out.queue = true;
  await trail.record(action('one'));
  await trail.stop(1000);
  expect(lost).toEqual(['one']);
});

test('rows go after 400 days', async () => {
  const { trail, deletedBefore } = openTrail();
  await trail.catchUp();
  expect(deletedBefore()).toEqual(new Date('2025-01-25T10:00:00Z'));
});
