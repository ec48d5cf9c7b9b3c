import { createHmac } from 'node:crypto';
import type { SessionKey } from '../sessions/session-store.ts';
import { maskPersonalData } from './mask-personal-data.ts';

export interface AnonymizerOptions {
  /** ANONYMIZE_DATA: false keeps user ids and texts as they are. */
  enabled: boolean;
  /** Secret, the same on all replicas; another one makes other people of everyone. */
  salt: string;
}

/** Takes from statistics what would tell who somebody is. */
export interface Anonymizer {
  /** The name under which statistics know a user: 32 hexadecimal digits, or the id itself when not enabled. */
  userId(userId: string): string;
  /** One-way name of a session, always. */
  sessionHash(key: SessionKey): string;
  /** One-way name of a client's address, always. */
  addressHash(clientAddress: string): string;
  /** Text without addresses and numbers of people. */
  text(text: string): string;
}

/** 128 bits: too many to collide or to guess. */
const hashCharacters = 32;

export const createAnonymizer = ({ enabled, salt }: AnonymizerOptions): Anonymizer => {
  const hash = (text: string) =>
    createHmac('sha256', salt).update(text).digest('hex').slice(0, hashCharacters);
  return {
    userId: (userId) => (enabled ? hash(`user:${userId}`) : userId),
    sessionHash: ({ userId, sessionId }) => hash(`session:${userId}\n${sessionId}`),
    addressHash: (clientAddress) => hash(`address:${clientAddress}`),
    text: (text) => (enabled ? maskPersonalData(text) : text),
  };
};
