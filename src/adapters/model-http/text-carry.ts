/** Keeps pieces of text well formed: half a surrogate pair at an end waits for its other half. */
export interface TextCarry {
  /** What can be passed on now. */
  add(text: string): string;
  /** What is left when nothing more comes; a lone half becomes U+FFFD. */
  end(): string;
}

const endsInHalf = /[\uD800-\uDBFF]$/;

export function createTextCarry(): TextCarry {
  let kept = '';
  return {
    add(text) {
      const whole = kept + text;
      kept = endsInHalf.exec(whole)?.[0] ?? '';
      return (kept === '' ? whole : whole.slice(0, -1)).toWellFormed();
    },
    end() {
      const rest = kept.toWellFormed();
      kept = '';
      return rest;
    },
  };
}
