/**
 * Loaded into each replica under test with `--import`, so that faults inside of a process can be brought about without
 * a door in the product. Takes one command per connection, as a line of JSON, on a Unix socket.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const { FAULT_AGENT_DIR, REPLICA_ID } = process.env;
const RealDate = Date;

/** @param {number} offsetMs */
function shiftClock(offsetMs) {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, parts, newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [RealDate.now() + offsetMs] : parts, newTarget),
    get: (target, name) => (name === 'now' ? () => RealDate.now() + offsetMs : Reflect.get(target, name)),
  });
}

function collectGarbage() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  gc();
  gc();
}

/** @type {Record<string, (amount: number) => unknown>} */
const commands = {
  block(forMs) {
    const endsAtMs = performance.now() + forMs;
    while (performance.now() < endsAtMs);
  },
  exhaustMemory() {
    /** @type {string[][]} */
    const kept = [];
    setInterval(() => kept.push(Array.from({ length: 1_000_000 }, () => String(Math.random()))), 1);
  },
  memory() {
    collectGarbage();
    return process.memoryUsage();
  },
  shiftClock,
  throwUncaught: () =>
    void setImmediate(() => {
      throw new Error('thrown by the fault suite');
    }),
  rejectUnhandled: () => void Promise.reject(new Error('rejected by the fault suite')),
};

if (isMainThread && FAULT_AGENT_DIR && REPLICA_ID) {
  const path = join(FAULT_AGENT_DIR, `${REPLICA_ID}.sock`);
  rmSync(path, { force: true });
  const server = createServer(async (socket) => {
    socket.on('error', () => {});
    for await (const line of createInterface({ input: socket })) {
      const { command, amount } = JSON.parse(line);
      socket.end(JSON.stringify(commands[command]?.(amount) ?? null));
    }
  });
  server.listen(path);
  server.unref();
}
