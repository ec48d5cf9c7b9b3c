import { AppError, isDependencyError } from '../domain/errors.ts';
import { type KnowledgeFault, KnowledgeFaultsError } from '../domain/knowledge/knowledge-fault.ts';

/** What a person reads; the rest is counted. */
const maxLines = 100;

/** Prints what an operator can act on without a stack trace; everything else is a bug and comes with one. */
export function reportKnowledgeError(error: unknown): void {
  if (error instanceof KnowledgeFaultsError) {
    printFaults(error.faults);
    console.error(`${error.message}.`);
  } else if (error instanceof AppError) {
    console.error(error.message);
  } else if (isDependencyError(error)) {
    console.error(`${error.message}. The live knowledge base is as it was.`);
  } else {
    console.error(error);
  }
}

export const reportKnowledgeNotes = (notes: readonly KnowledgeFault[]): void => printFaults(notes, 'Note: ');

function printFaults(faults: readonly KnowledgeFault[], prefix = ''): void {
  for (const { place, message } of faults.slice(0, maxLines)) {
    console.error(`${prefix}${toPrintable(place)}: ${toPrintable(message)}`);
  }
  if (faults.length > maxLines) console.error(`${prefix}and ${faults.length - maxLines} more`);
}

/** Names and texts of files reach a terminal: without control characters they cannot steer it, nor fake lines. */
function toPrintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return `\\u{${codePoint.toString(16)}}`;
  });
}
