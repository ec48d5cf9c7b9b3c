import { describe, expect, test } from 'vitest';
import {
  type ChatEvent,
  formatPosition,
  markRestarts,
  parsePosition,
  resumeAfter,
} from '../../../src/domain/chat/chat-event.ts';

const sources: ChatEvent = { type: 'sources', generation: 'one', offset: 0, sources: [] };
const deltas = (generation: string, ...parts: string[]): ChatEvent[] => {
  let offset = 0;
  return parts.map((text) => {
    offset += text.length;
    return { type: 'delta', generation, offset, text };
  });
};

async function* from(events: readonly ChatEvent[]): AsyncIterable<ChatEvent> {
  yield* events;
}

async function textAfter(events: readonly ChatEvent[], id: string | undefined, seen = ''): Promise<string> {
  let text = seen;
  for await (const event of resumeAfter(from(events), id === undefined ? undefined : parsePosition(id))) {
    if (event.type === 'restart') text = '';
    if (event.type === 'delta') text += event.text;
  }
  return text;
}

describe('a reader that comes back', () => {
  const written = [sources, ...deltas('one', 'The library ', 'opens ', 'at 8.')];

  test('gets the text from its place on, however the parts are cut now', async () => {
    const whole = 'The library opens at 8.';
    for (let offset = 0; offset <= whole.length; offset += 1) {
      const id = formatPosition({ generation: 'one', offset });
      expect(await textAfter(written, id, whole.slice(0, offset))).toBe(whole);
      expect(await textAfter([sources, ...deltas('one', whole)], id, whole.slice(0, offset))).toBe(whole);
    }
  });

  test('gets everything when it has seen nothing', async () => {
    expect(await textAfter(written, undefined)).toBe('The library opens at 8.');
  });

  test.each(['two-7', 'one-', '-5', 'no id', 'x'.repeat(100)])(
    'is told to start anew after %j',
    async (id) => {
      expect(await textAfter(written, id, 'Some text')).toBe('The library opens at 8.');
    },
  );

  test('starts anew when the answer itself does, before or after its place', async () => {
    const restart: ChatEvent = { type: 'restart', generation: 'two', offset: 0 };
    const events = [...deltas('one', 'Half an ans'), restart, ...deltas('two', 'A whole answer.')];
    expect(await textAfter(events, 'one-4', 'Half')).toBe('A whole answer.');
    expect(await textAfter(events, 'one-11', 'Half an ans')).toBe('A whole answer.');
    expect(await textAfter(events, 'two-2', 'A ')).toBe('A whole answer.');
  });
});

test('another generation under way is announced once', async () => {
  const marked: ChatEvent['type'][] = [];
  const events = from([...deltas('one', 'Half'), ...deltas('two', 'A ', 'whole')]);
  for await (const { type } of markRestarts(events)) marked.push(type);
  expect(marked).toEqual(['delta', 'restart', 'delta', 'delta']);
});
