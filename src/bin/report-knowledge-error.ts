import { AppError, isDependencyError } from '../domain/errors.ts';
import { KnowledgeFaultsError } from '../domain/knowledge/knowledge-fault.ts';

/** Prints what an operator can act on without a stack trace; everything else is a bug and comes with one. */
export function reportKnowledgeError(error: unknown): void {
  if (error instanceof KnowledgeFaultsError) {
    for (const { place, message } of error.faults) console.error(`${place}: ${message}`);
    console.error(`${error.message}.`);
  } else if (error instanceof AppError) {
    console.error(error.message);
  } else if (isDependencyError(error)) {
    console.error(`${error.message}. The live knowledge base is as it was.`);
  } else {
    console.error(error);
  }
}
