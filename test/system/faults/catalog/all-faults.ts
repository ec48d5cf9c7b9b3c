import type { Fault } from '../fault.ts';
import { chromaFaults } from './chroma-faults.ts';
import { clientFaults } from './client-faults.ts';
import { geminiFaults } from './gemini-faults.ts';
import { postgresFaults } from './postgres-faults.ts';
import { redisFaults } from './redis-faults.ts';
import { replicaFaults } from './replica-faults.ts';

/** In the order of the table. */
export const allFaults: readonly Fault[] = [
  ...replicaFaults,
  ...redisFaults,
  ...postgresFaults,
  ...chromaFaults,
  ...geminiFaults,
  ...clientFaults,
];
