import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChatSessionLog } from '../../src/telemetry/chat-session-log.ts';
import { createLogger, type LoggingOptions } from '../../src/telemetry/logger.ts';

let directory: string;
let lines: string[];
const output = { write: (line: string) => void lines.push(line) };
const options = (changes: Partial<LoggingOptions> = {}): LoggingOptions => ({
  level: 'info',
  file: '',
  maxFileBytes: 10_000_000,
  backupCount: 2,
  ...changes,
});
const read = (name: string) => readFile(join(directory, name), 'utf8');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'logs-'));
  lines = [];
});
afterEach(() => rm(directory, { recursive: true }));

describe('the log', () => {
  it('writes one JSON line with an ISO time, the replica and the level names of old', async () => {
    const logger = await createLogger(options(), 'api-1', { output });
    logger.warn({ route: '/api/chat' }, 'slow');
    logger.error('broken');
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ level: 'WARNING', replica: 'api-1', route: '/api/chat', msg: 'slow' });
    expect(first.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(second.level).toBe('ERROR');
  });

  it('leaves out what is below its level', async () => {
    const logger = await createLogger(options({ level: 'warn' }), 'api-1', { output });
    logger.info('unimportant');
    expect(lines).toEqual([]);
  });

  it('blanks secrets in fields, in texts and wherever a known value stands', async () => {
    const logger = await createLogger(options(), 'api-1', { output, secrets: () => ['s3cret-admin-token'] });
    logger.info(
      { apiKey: 'k1', headers: { authorization: 'Bearer abc' }, sessionId: 'raw-session' },
      'fields',
    );
    logger.error({
      err: new Error('postgres://chat:hunter22@db/x refused; key AIzaSyA0123456789012345678901234567890'),
    });
    logger.info('token is s3cret-admin-token, sent as Bearer eyJhbGciOi');
    const text = lines.join('');
    for (const secret of ['k1"', 'abc', 'raw-session', 'hunter22', 'AIza', 's3cret', 'eyJ']) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('postgres://chat:[redacted]@db/x');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it('keeps the files of replicas apart, and errors in a file of their own', async () => {
    const file = join(directory, 'logs', 'tum_chatbot.log');
    const one = await createLogger(options({ file }), 'api-1', { output });
    const two = await createLogger(options({ file }), 'api-2', { output });
    one.info('from one');
    one.error('error of one');
    two.info('from two');
    expect((await read('logs/tum_chatbot.api-1.1.log')).trim().split('\n')).toHaveLength(2);
    expect(await read('logs/tum_chatbot.api-1.error.1.log')).toContain('error of one');
    expect(await read('logs/tum_chatbot.api-1.error.1.log')).not.toContain('from one');
    expect(await read('logs/tum_chatbot.api-2.1.log')).not.toContain('one');
  });

  it('begins a new file at the size limit and keeps only so many old ones', async () => {
    const file = join(directory, 'app.log');
    const logger = await createLogger(options({ file, maxFileBytes: 2_000 }), 'r', { output });
    for (let line = 0; line < 200; line += 1) {
      logger.info({ line }, 'x'.repeat(100));
      await new Promise(setImmediate);
    }
    await expect
      .poll(async () => (await readdir(directory)).filter((name) => !name.includes('error')))
      .toHaveLength(3);
    const newest = (await readdir(directory)).filter((name) => !name.includes('error'));
    const texts = await Promise.all(newest.map(read));
    expect(texts.join('')).toContain('"line":199');
  });

  it('deletes what replicas that are gone left, once nobody wrote to it for 30 days', async () => {
    const file = join(directory, 'app.log');
    const daysAgo = async (name: string, days: number) => {
      await writeFile(join(directory, name), 'a line\n');
      const at = Date.now() / 1000 - days * 86_400;
      await utimes(join(directory, name), at, at);
    };
    for (const name of ['app.gone-1.1.log', 'app.gone-1.2.log', 'app.gone-1.error.1.log'])
      await daysAgo(name, 31);
    const kept = ['app.late-1.1.log', 'other.gone-1.1.log', 'notes.txt', 'app.log'];
    await daysAgo('app.late-1.1.log', 29);
    for (const name of kept.slice(1)) await daysAgo(name, 31);
    await createLogger(options({ file }), 'api-1', { output });
    const names = await readdir(directory);
    expect(names.filter((name) => !name.startsWith('app.api-1.')).sort()).toEqual(kept.sort());
  });

  it('goes on with stdout when the file cannot be opened', async () => {
    await writeFile(join(directory, 'taken'), '');
    const logger = await createLogger(options({ file: join(directory, 'taken', 'app.log') }), 'r', {
      output,
    });
    logger.info('still here');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'Log file cannot be opened; logging to stdout',
      'still here',
    ]);
  });
});

describe('the log of chat sessions', () => {
  it('is a file of its own that only its owner can read', async () => {
    const file = join(directory, 'chat_sessions.log');
    const log = await createChatSessionLog({ file, replicaId: 'r', maxFileBytes: 1_000_000, backupCount: 1 });
    log.record({
      requestId: 'q1',
      sessionHash: 'abc',
      userId: 'def',
      question: 'When does the library open?',
      response: 'At 8.',
      answeredAt: new Date('2026-03-01T10:00:00Z'),
    });
    log.close();
    const name = 'chat_sessions.r.1.log';
    expect(JSON.parse(await read(name))).toMatchObject({
      time: '2026-03-01T10:00:00.000Z',
      response: 'At 8.',
    });
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });
});
