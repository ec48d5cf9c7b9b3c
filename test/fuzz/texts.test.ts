import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatCompletionRequestSchema } from '../../src/http/openai/chat-completion-request.ts';
import { largestBodyBytes, repeatedText, writeText } from './any-text.ts';
import { measureLeastCpuMs } from './cpu-time.ts';
import { fuzzSettings, fuzzTimeoutMs } from './fuzz-settings.ts';
import { textFunctions } from './text-functions.ts';

const mostCpuMs = 50;
/** Below, the clock and the garbage collector count for more than the text. */
const comparableMs = 6;
const mostGrowth = 3;

describe('a function that reads text from outside', () => {
  test('uses at most 50 ms of CPU time, and at most three times as much for twice the text', {
    timeout: fuzzTimeoutMs,
  }, () => {
    const names = Object.keys(textFunctions);
    const sizes = fc.constantFrom(largestBodyBytes, 16_384, 8192, 4096, 2048, 1024);
    fc.assert(
      fc.property(fc.constantFrom(...names), repeatedText, sizes, (name, text, bytes) => {
        const read = textFunctions[name] ?? expect.unreachable();
        const whole = writeText(text, bytes);
        const wholeMs = measureLeastCpuMs(() => read(whole), comparableMs);
        expect(wholeMs).toBeLessThanOrEqual(mostCpuMs);
        if (wholeMs <= comparableMs) return;
        const half = writeText(text, bytes / 2);
        expect(wholeMs / measureLeastCpuMs(() => read(half), wholeMs / mostGrowth)).toBeLessThanOrEqual(
          mostGrowth,
        );
      }),
      fuzzSettings,
    );
  });

  /** Requests and texts that were seen to stop a replica. */
  const hostile: Record<string, string> = {
    'a compound of 250 parts': 'raum'.repeat(250),
    'a compound as long as a body': 'raum'.repeat(16_000),
    'many compounds of 60 letters': 'raumprüfungsplan'.repeat(4).slice(0, 60).concat(' ').repeat(1000),
    'letters that grow by NFKC': '\ufdf2'.repeat(1000),
    'a body of letters that grow by NFKC': '\ufdfa'.repeat(21_000),
    'marks out of order': `a${'\u0316\u0300'.repeat(16_000)}`,
    'the head of a list of sources, again and again': '\n\nSources:\n- a'.repeat(4000),
    'a list of sources that does not end': `\n\nSources:${'\n- a'.repeat(16_000)}\nb`,
    'what may be an address': 'a'.repeat(60_000),
    'what may be many addresses': 'a@'.repeat(30_000),
    'what may be numbers': '0 '.repeat(32_000),
    'what may be IBANs': 'DE12 '.repeat(12_000),
    'what may be names': 'my name is '.repeat(6000),
    punctuation: `${'.'.repeat(60_000)}a`,
    'parts of verbs': 'melde '.repeat(10_000),
    'quotes within each other': '> '.repeat(30_000),
    'emphasis that is never closed': '_a'.repeat(30_000),
    'what may be credentials': 'a://b:'.repeat(10_000),
  };

  test.each(Object.entries(hostile))('reads %s in no noticeable time', (_what, text) => {
    const slow = Object.entries(textFunctions)
      .map(([name, read]) => [name, measureLeastCpuMs(() => read(text), mostCpuMs)] as const)
      .filter(([, ms]) => ms > mostCpuMs);
    expect(slow).toEqual([]);
  });

  test.each([
    ['numbers', Array(32_000).fill(1)],
    ['empty objects', Array(20_000).fill({})],
    ['wrong parts', [{ role: 'user', content: Array(6000).fill({ type: 'image_url' }) }]],
    ['wrong values of parts', [{ role: 'user', content: Array(30_000).fill(1) }]],
  ])('refuses messages that are thousands of %s as soon as one is wrong', (_what, messages) => {
    const read = () => chatCompletionRequestSchema.safeParse({ messages });
    expect(read().error?.issues).toHaveLength(1);
    expect(measureLeastCpuMs(read, 10)).toBeLessThanOrEqual(10);
  });
});
