import { expect, it } from 'vitest';
import {
  parseStatisticsEvent,
  serializeStatisticsEvent,
} from '../../../src/domain/statistics/serialize-statistics-event.ts';
import { interaction } from '../../fixtures/statistics-events.ts';

it('an answer without tokens lacks the model to the version before, and the budget to this one', () => {
  const event = interaction({ degraded: ['redis', 'budget'] });
  const json = serializeStatisticsEvent(event);
  expect(JSON.parse(json).degraded).toEqual(['redis', 'gemini']);
  expect(parseStatisticsEvent(json)).toEqual(event);
});

it('an event of the version before has no thoughts and nothing cached', () => {
  const {
    thoughtTokens: _thoughts,
    cachedTokens: _cached,
    ...before
  } = interaction({ degraded: ['gemini'] });
  const read = parseStatisticsEvent(JSON.stringify(before));
  expect(read).toEqual({ ...before, thoughtTokens: undefined, cachedTokens: undefined });
});
