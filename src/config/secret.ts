import { readFileSync, statSync } from 'node:fs';

/**
 * A secret that may live in a file and change while the process runs: emptied it is '', and a file that went away keeps its
 * last value. `read` never throws after the start.
 */
export interface Secret {
  read(): string;
}

const leastIntervalMs = 1000;

/** A secret in a file, which is read again when its time of change moves; looked at once a second at most. */
export function watchSecret(path: string, initial: string): Secret {
  let current = initial;
  let changedAtMs = modifiedAtMs(path);
  let lookedAtMs = Date.now();
  return {
    read() {
      if (Date.now() - lookedAtMs < leastIntervalMs) return current;
      lookedAtMs = Date.now();
      const modified = modifiedAtMs(path);
      if (modified === undefined || modified === changedAtMs) return current;
      const content = readOrUndefined(path)?.trim();
      if (content === undefined) return current;
      current = content;
      // An empty one may be on its way to its content: it is looked at again.
      if (content !== '') changedAtMs = modified;
      return current;
    },
  };
}

function modifiedAtMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
