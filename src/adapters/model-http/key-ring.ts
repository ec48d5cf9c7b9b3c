import { createHash } from 'node:crypto';
import { DependencyError } from '../../domain/errors.ts';
import type { ModelGate } from '../../domain/models/model-gate.ts';
import { KeyRefusedError } from './map-status.ts';

/** How long a refused key is left alone, unless a probe finds it good again. */
const refusedPauseMs = 30_000;

export interface KeyRing {
  /**
   * Runs `call` with the next usable key; a key that is exhausted or refused is set aside and the next one tried.
   * Every error comes out as DependencyError, unless `signal` aborted: then as its reason.
   */
  withKey<T>(model: string, signal: AbortSignal, call: (apiKey: string) => Promise<T>): Promise<T>;
  /** Sets a key aside if `failure`, found after `withKey` returned, is about it. */
  note(model: string, apiKey: string, failure: DependencyError): void;
  /** Forgets that a key was refused. */
  accept(apiKey: string): void;
  count(model: string): { total: number; exhausted: number; refused: number };
  /** What to do about refused keys, where it is known. */
  advice(): string | undefined;
  /** Any key, refused ones last: for probes that cost nothing. */
  probeKeys(): string[];
}

export interface KeyRingOptions {
  /** Read on every call, because the keys may come from a file that changes. */
  apiKeys: () => readonly string[];
  gate: ModelGate;
  /** Turns whatever a call threw into what it means. */
  mapError: (error: unknown) => DependencyError;
  now?: () => number;
}

/** The API keys in turn, without those that a quota or a refusal has put aside. */
export function createKeyRing({
  apiKeys,
  gate,
  mapError,
  now = () => performance.now(),
}: KeyRingOptions): KeyRing {
  const refusedUntil = new Map<string, number>();
  const adviceOf = new Map<string, string>();
  let turn = 0;

  const isRefused = (key: string) => (refusedUntil.get(key) ?? 0) > now();
  const closedForMs = (model: string, key: string) => gate.closedForMs(scopeOf(model, key)) ?? 0;

  function next(model: string): string | undefined {
    const usable = apiKeys().filter((key) => !isRefused(key) && closedForMs(model, key) === 0);
    turn += 1;
    return usable[turn % usable.length];
  }

  /** True when the failure is about the key, so that another one may do. */
  function setAside(model: string, key: string, failure: DependencyError): boolean {
    if (failure.reason === 'throttled') gate.close(scopeOf(model, key), failure.retryAfterMs ?? 0);
    else if (failure instanceof KeyRefusedError) {
      refusedUntil.set(key, now() + refusedPauseMs);
      if (failure.advice) adviceOf.set(key, failure.advice);
    } else return false;
    return true;
  }

  function noKeyLeft(model: string): DependencyError {
    const waits = apiKeys()
      .filter((key) => !isRefused(key))
      .map((key) => closedForMs(model, key));
    return waits.length === 0
      ? new DependencyError('gemini', 'rejected', 'No API key is accepted')
      : new DependencyError('gemini', 'throttled', 'Every API key has used up its quota', {
          retryAfterMs: Math.min(...waits),
        });
  }

  return {
    async withKey(model, signal, call) {
      for (let left = apiKeys().length; left > 0; left -= 1) {
        const key = next(model);
        if (key === undefined) break;
        try {
          return await call(key);
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          const failure = mapError(error);
          if (!setAside(model, key, failure)) throw failure;
        }
      }
      throw noKeyLeft(model);
    },
    note(model, apiKey, failure) {
      setAside(model, apiKey, failure);
    },
    accept(apiKey) {
      refusedUntil.delete(apiKey);
      adviceOf.delete(apiKey);
    },
    count(model) {
      const keys = apiKeys();
      const refused = keys.filter(isRefused);
      const exhausted = keys.filter((key) => !isRefused(key) && closedForMs(model, key) > 0);
      return { total: keys.length, exhausted: exhausted.length, refused: refused.length };
    },
    advice: () =>
      apiKeys()
        .filter(isRefused)
        .map((key) => adviceOf.get(key))
        .find((advice) => advice !== undefined),
    probeKeys: () => [...apiKeys()].sort((a, b) => Number(isRefused(a)) - Number(isRefused(b))),
  };
}

/** Quotas hold per model and project; the key stands for its project, hashed because the scope travels through Redis. */
function scopeOf(model: string, apiKey: string): string {
  return `${model}:${createHash('sha256').update(apiKey).digest('base64url').slice(0, 16)}`;
}
