import { setImmediate as yieldOnce } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import { type Admission, createAdmission } from '../../src/http/admission.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

let admission: Admission;

function open(maxEventLoopDelayMs = 1000) {
  admission = createAdmission({
    activeChats: () => 0,
    maxConcurrentChats: 10,
    maxEventLoopDelayMs,
    metrics: createMetrics({ version: '1' }),
  });
}

afterEach(() => admission.close());

const take = (count: number, asker: 'person' | 'program') =>
  Array.from({ length: count }, () => admission.admitChat(asker));
const refusal = expect.objectContaining({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 3 });

test('programs get eight places in ten, people all', () => {
  open();
  take(8, 'program');
  expect(() => admission.admitChat('program')).toThrow(AppError);
  take(2, 'person');
  expect(() => admission.admitChat('person')).toThrow(refusal);
});

test('a place is given back once, however often its holder says so', () => {
  open();
  const [release] = take(10, 'person');
  release?.();
  release?.();
  take(1, 'person');
  expect(() => admission.admitChat()).toThrow(refusal);
});

test('a replica that lags takes no new chat until it is quick again', async () => {
  open(30);
  const isAdmitted = () => {
    try {
      admission.admitChat()();
      return true;
    } catch {
      return false;
    }
  };
  await expect
    .poll(
      async () => {
        block(200);
        await yieldOnce();
        return isAdmitted();
      },
      { timeout: 20_000, interval: 0 },
    )
    .toBe(false);
  await expect.poll(isAdmitted, { timeout: 20_000 }).toBe(true);
}, 60_000);

function block(durationMs: number) {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}
