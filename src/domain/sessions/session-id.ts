import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SessionIds {
  /**
   * A new id of 128 bits that nobody can guess without the salt. The same seed gives the same id, so that all tries of
   * one request open the same session. A seed holds random bits that no reply and no log shows.
   */
  create(seed: string): string;
  /** True for ids that `create` made, on any replica. */
  isOurs(sessionId: string): boolean;
}

/** Ids carry a tag, so that a replica knows its siblings' ids without asking anyone. */
export function createSessionIds(salt: () => string): SessionIds {
  const hmac = (purpose: string, text: string, bytes: number) =>
    createHmac('sha256', salt()).update(`${purpose}\n${text}`).digest().subarray(0, bytes);
  const tagOf = (random: string) => hmac('session-tag', random, 9);
  return {
    create(seed) {
      const random = hmac('session-id', seed, 16).toString('base64url');
      return `${random}.${tagOf(random).toString('base64url')}`;
    },
    isOurs(sessionId) {
      const [random = '', tag = ''] = sessionId.split('.');
      const given = Buffer.from(tag, 'base64url');
      const expected = tagOf(random);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
