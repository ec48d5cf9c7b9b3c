import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** What is wrong with an institution's files: one line each, with file and line. */
export class InstitutionError extends Error {
  override readonly name = 'InstitutionError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The institution's files cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads YAML by a schema; undefined where it does not hold, with all faults added to `faults`. */
export function createYamlReader(faults: string[]) {
  return <T extends z.ZodType>(file: string, text: string, schema: T): z.output<T> | undefined => {
    if (text === '') return undefined;
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    for (const { pos, message } of document.errors) {
      faults.push(`${file}:${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`);
    }
    if (document.errors.length > 0) return undefined;

    /** Line of the value at a path, or of the nearest part above it that is there. */
    const lineOf = (path: readonly PropertyKey[]): number => {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return 1;
    };
    const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      faults.push(`${file}:${lineOf(path)}: ${path.map(String).join('.') || 'file'}: ${message}`);
    }
    return undefined;
  };
}
