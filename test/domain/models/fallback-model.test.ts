import { describe, expect, it } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import { createFallbackModel, type FallbackOptions } from '../../../src/domain/models/fallback-model.ts';
import type { GenerateOptions, LanguageModel } from '../../../src/domain/models/language-model.ts';
import { createRetryingModel } from '../../../src/domain/models/retrying-model.ts';
import { createScriptedModel } from '../../fakes/scripted-model.ts';

const outage = new DependencyError('gemini', 'unavailable', 'away', { retryable: true });
const always: FallbackOptions = { when: () => true, minimumRemainingMs: 1_000, now: () => 0 };

async function read(model: LanguageModel, options: Partial<GenerateOptions> = {}) {
  const events: string[] = [];
  const prompt = { system: '', messages: [] };
  for await (const event of model.generate(prompt, { signal: new AbortController().signal, ...options })) {
    events.push(event.type === 'text' ? event.text : event.type);
  }
  return events;
}

describe('a fallback', () => {
  it('is not asked while the first model answers', async () => {
    const second = createScriptedModel(['b']);
    expect(await read(createFallbackModel(createScriptedModel(['a']), second, always))).toEqual([
      'a',
      'finish',
    ]);
    expect(second.attempts).toEqual([]);
  });

  it('needs no restart when nothing was said', async () => {
    const model = createFallbackModel(createScriptedModel([outage]), createScriptedModel(['b']), always);
    expect(await read(model)).toEqual(['b', 'finish']);
  });

  it('voids what was said once, before its own first words', async () => {
    const first = createScriptedModel(['a1', 'a2', outage]);
    const model = createFallbackModel(first, createScriptedModel(['b1', 'b2']), always);
    expect(await read(model)).toEqual(['a1', 'a2', 'restart', 'b1', 'b2', 'finish']);
  });

  it('voids what was said also through several layers', async () => {
    const inner = createFallbackModel(
      createScriptedModel(['a', outage]),
      createScriptedModel([outage]),
      always,
    );
    const model = createFallbackModel(inner, createScriptedModel(['c']), always);
    expect(await read(model)).toEqual(['a', 'restart', 'c', 'finish']);
  });

  it('counts the attempts', async () => {
    const second = createScriptedModel([outage]);
    const third = createScriptedModel(['c']);
    const model = createFallbackModel(
      createScriptedModel([outage]),
      createFallbackModel(second, third, always),
      always,
    );
    await read(model);
    expect([second.attempts, third.attempts]).toEqual([[2], [3]]);
  });

  it.each<[string, Partial<FallbackOptions>, Partial<GenerateOptions>]>([
    ['a failure it cannot mend', { when: ({ reason }) => reason === 'empty' }, {}],
    ['too little time left', {}, { deadlineAt: 999 }],
    ['too little time left after the pause', { delayMs: () => 500 }, { deadlineAt: 1_400 }],
  ])('leaves the failure as it is with %s', async (_why, options, generateOptions) => {
    const second = createScriptedModel(['b']);
    const model = createFallbackModel(createScriptedModel([outage]), second, { ...always, ...options });
    await expect(read(model, generateOptions)).rejects.toBe(outage);
    expect(second.attempts).toEqual([]);
  });

  it('lets bugs through', async () => {
    const bug = new TypeError('bug');
    const model = createFallbackModel(createScriptedModel([bug]), createScriptedModel(['b']), always);
    await expect(read(model)).rejects.toBe(bug);
  });

  it('ends its pause when the asker goes away, with the reason given', async () => {
    const controller = new AbortController();
    const first = createScriptedModel([outage]);
    const model = createFallbackModel(first, createScriptedModel(['b']), {
      ...always,
      delayMs: () => {
        setImmediate(() => controller.abort(new Error('gone')));
        return 60_000;
      },
    });
    await expect(read(model, { signal: controller.signal })).rejects.toThrow('gone');
  });
});

describe('a retry', () => {
  it('comes as often as told, and only for what may pass', async () => {
    const flaky = createScriptedModel([outage], ['a']);
    expect(await read(createRetryingModel(flaky, { retries: 1, maxDelayMs: 0 }))).toEqual(['a', 'finish']);
    const down = createScriptedModel([outage]);
    await expect(read(createRetryingModel(down, { retries: 1, maxDelayMs: 0 }))).rejects.toBe(outage);
    expect(down.attempts).toHaveLength(2);
    const downForLong = createScriptedModel([outage]);
    await expect(read(createRetryingModel(downForLong, { retries: 2, maxDelayMs: 0 }))).rejects.toBe(outage);
    expect(downForLong.attempts).toHaveLength(3);
    const blocked = createScriptedModel([new DependencyError('gemini', 'blocked', 'no')]);
    await expect(read(createRetryingModel(blocked, { retries: 1, maxDelayMs: 0 }))).rejects.toThrow('no');
    expect(blocked.attempts).toHaveLength(1);
  });
});
