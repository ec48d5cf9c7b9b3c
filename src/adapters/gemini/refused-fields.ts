import { DependencyError } from '../../domain/errors.ts';

/** Settings that a model may stop taking, and without which its replies are still right. `store` is never one. */
export const optionalFields = [
  'temperature',
  'topP',
  'topK',
  'thinkingConfig',
  'outputDimensionality',
] as const;
export type OptionalField = (typeof optionalFields)[number];

const spellings: Record<OptionalField, RegExp> = {
  temperature: /\btemperature\b/i,
  topP: /\btop_?p\b/i,
  topK: /\btop_?k\b/i,
  thinkingConfig: /\b(thinking|include)[_ ]?(config|level|budget|mode|thoughts)\b/i,
  outputDimensionality: /\boutput_?dimensionality\b/i,
};

/** The field that a refusal (400) names, if it is one of those that can be left out. */
export function refusedFieldOf(failure: DependencyError): OptionalField | undefined {
  if (failure.reason !== 'rejected') return undefined;
  return optionalFields.find((field) => spellings[field].test(failure.message));
}

/** The model would keep the request: nothing is sent to it. */
export class StoreRefusedError extends DependencyError {
  constructor(model: string, cause: unknown) {
    super('gemini', 'rejected', `${model} does not take store: false, so nothing is sent to it`, { cause });
  }
}

const storeRefusal = /\bstore\b/i;

/** What each model has refused, remembered for as long as the process runs. */
export interface RefusedFields {
  has(model: string, field: OptionalField): boolean;
  /**
   * Runs `call`, and again without the field that a refusal names, as often as it names another one.
   * @throws StoreRefusedError when `store` is refused, from then on without a call for half a minute.
   */
  heal<T>(model: string, call: () => Promise<T>): Promise<T>;
  refusesStore(model: string): boolean;
  /** Sentences for the health report. */
  notes(): string[];
}

const storeRefusedPauseMs = 30_000;

export function createRefusedFields({
  onRefused = () => {},
  now = () => performance.now(),
}: {
  onRefused?: ((model: string, field: string) => void) | undefined;
  now?: () => number;
} = {}): RefusedFields {
  const refused = new Map<string, Set<OptionalField>>();
  const storing = new Map<string, { error: StoreRefusedError; until: number }>();

  function remember(model: string, field: OptionalField): boolean {
    const fields = refused.get(model) ?? new Set();
    if (fields.has(field)) return false;
    refused.set(model, fields.add(field));
    onRefused(model, field);
    return true;
  }

  function noteStoreRefused(model: string, cause: unknown): StoreRefusedError {
    const error = new StoreRefusedError(model, cause);
    if (!storing.has(model)) onRefused(model, 'store');
    storing.set(model, { error, until: now() + storeRefusedPauseMs });
    return error;
  }

  return {
    has: (model, field) => refused.get(model)?.has(field) ?? false,
    async heal(model, call) {
      const known = storing.get(model);
      if (known && known.until > now()) throw known.error;
      for (;;) {
        // Another call may have learned of the same field meanwhile.
        const fieldsBefore = refused.get(model)?.size ?? 0;
        try {
          const result = await call();
          storing.delete(model);
          return result;
        } catch (error) {
          if (!(error instanceof DependencyError) || error.reason !== 'rejected') throw error;
          const field = refusedFieldOf(error);
          if (field === undefined)
            throw storeRefusal.test(error.message) ? noteStoreRefused(model, error) : error;
          if (!remember(model, field) && (refused.get(model)?.size ?? 0) === fieldsBefore) throw error;
        }
      }
    },
    refusesStore: (model) => storing.has(model),
    notes: () => [
      ...[...refused].map(([model, fields]) => `${model} refuses ${[...fields].join(', ')}; left out`),
      ...[...storing.values()].map(({ error }) => error.message),
    ],
  };
}
