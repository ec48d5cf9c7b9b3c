import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogFilesPersonalData } from '../../../src/adapters/log-files/personal-data.ts';
import { createChatSessionLog } from '../../../src/telemetry/chat-session-log.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'));
});

afterAll(() => rm(folder, { recursive: true }));

const entryOf = (userId: string, question: string) => ({
  requestId: 'request',
  sessionHash: `session of ${userId}`,
  userId,
  question,
  response: 'A',
  answeredAt: new Date(0),
});

describe('the log of chats', () => {
  test('loses the lines of a person, those of a sibling’s file as well, and is written on', async () => {
    const options = {
      file: join(folder, 'chats.log'),
      replicaId: 'api-1',
      maxFileBytes: 1e6,
      backupCount: 1,
    };
    const log = await createChatSessionLog(options);
    log.record(entryOf('ga12abc', 'My question'));
    log.record(entryOf('other', 'I know ga12abc'));
    const sibling = join(folder, 'chats.api-2.1.log');
    await writeFile(sibling, `${JSON.stringify({ userId: 'ga12abc', question: 'Größe?' })}\n`);
    const personalData = createLogFilesPersonalData({
      chatFile: options.file,
      otherFiles: [],
      namesOf: ({ userId }) => [userId],
    });

    expect(await personalData.erase({ userId: 'ga12abc' })).toBe(2);
    log.record(entryOf('third', 'Later'));
    log.close();
    expect(await readFile(sibling, 'utf8')).toBe('');
    const lines = (await readFile(join(folder, 'chats.api-1.1.log'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).userId)).toEqual(['other', 'third']);
    // What somebody else wrote is theirs; the search says where.
    expect(await personalData.search({ userId: 'ga12abc' })).toEqual({
      place: 'log files',
      records: 2,
      found: [{ place: 'chats.api-1.1.log', records: 1 }],
    });
  });

  test('that is not there holds nothing', async () => {
    const personalData = createLogFilesPersonalData({
      chatFile: join(folder, 'none', 'chats.log'),
      otherFiles: [],
      namesOf: ({ userId }) => [userId],
    });
    expect(await personalData.erase({ userId: 'ga12abc' })).toBe(0);
    expect((await personalData.search({ userId: 'ga12abc' })).found).toEqual([]);
  });
});

test('other logs are searched and left alone', async () => {
  const line = '{"msg":"ga12abc was here"}\n';
  await writeFile(join(folder, 'app.api-1.1.log'), line);
  const personalData = createLogFilesPersonalData({
    chatFile: undefined,
    otherFiles: [join(folder, 'app.log')],
    namesOf: ({ userId }) => [userId],
  });
  expect(await personalData.erase({ userId: 'ga12abc' })).toBe(0);
  expect((await personalData.search({ userId: 'ga12abc' })).found).toEqual([
    { place: 'app.api-1.1.log', records: 1 },
  ]);
  expect(await readFile(join(folder, 'app.api-1.1.log'), 'utf8')).toBe(line);
});
