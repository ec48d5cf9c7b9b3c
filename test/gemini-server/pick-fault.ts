import type { RecordedCall } from './call-log.ts';
import type { Fault } from './script.ts';

/** Decides call by call; the same script and the same order of calls give the same faults. */
export function pickFault(faults: readonly Fault[]) {
  const random = createRandom(1);
  const left = new Map(faults.map((fault) => [fault, fault.times ?? Number.POSITIVE_INFINITY]));

  function matches(fault: Fault, call: RecordedCall): boolean {
    const isMeant = fault.methods ? fault.methods.includes(call.method) : call.method !== 'get';
    if (!isMeant || (fault.model ?? call.model) !== call.model || (fault.key ?? call.key) !== call.key)
      return false;
    return (left.get(fault) ?? 0) > 0 && (fault.share === undefined || random() < fault.share);
  }

  return (call: RecordedCall): Fault | undefined => {
    const fault = faults.find((candidate) => matches(candidate, call));
    if (fault) left.set(fault, (left.get(fault) ?? 0) - 1);
    return fault;
  };
}

/** mulberry32: small, seeded, even. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
