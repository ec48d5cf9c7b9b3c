/** What a request to a model may hold, and how much the model thinks with it. */
export interface ModelTraits {
  /** The lowest level of thinking that the model takes; undefined for one that knows no levels. */
  thinkingLevel: 'MINIMAL' | 'LOW' | undefined;
  /** An upper estimate of the tokens spent on thoughts at that level; they count against `maxOutputTokens`. */
  thoughtTokens: number;
  /** False: `temperature` is left out. */
  takesSampling: boolean;
}

/** Of a model that chooses its level of thinking itself: MEDIUM, for the models of today. */
export const unboundThoughtTokens = 8_192;

const byName: readonly [pattern: RegExp, traits: ModelTraits][] = [
  // Before thinking levels: whatever they think is their own choice.
  [/^gemini-[12]\./, { thinkingLevel: undefined, thoughtTokens: unboundThoughtTokens, takesSampling: true }],
  [/^gemini-3\.[0-5].*-lite/, { thinkingLevel: 'MINIMAL', thoughtTokens: 512, takesSampling: true }],
  [/^gemini-3\.[0-5]/, { thinkingLevel: 'LOW', thoughtTokens: 2_048, takesSampling: true }],
];

/** Sampling settings are deprecated, so that a model of which nothing is known gets none; every one since 3.0 takes LOW. */
const newest: ModelTraits = { thinkingLevel: 'LOW', thoughtTokens: 2_048, takesSampling: false };

/** From Google's model pages and changelog (ai.google.dev/gemini-api/docs/thinking, .../changelog), late 2026. */
export function traitsOf(model: string): ModelTraits {
  return byName.find(([pattern]) => pattern.test(model))?.[1] ?? newest;
}
