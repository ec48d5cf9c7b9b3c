import { AppError } from '../errors.ts';
import type { SessionKey, SessionStore } from '../sessions/session-store.ts';
import type { ChatStore } from './chat-store.ts';

export interface Rating {
  requestId: string;
  rating: 'up' | 'down';
  comment: string | undefined;
}

/** @throws AppError NOT_FOUND unless the caller got that answer; DependencyError `redis` when that can't be told. */
export type RateAnswer = (caller: SessionKey, rating: Rating) => Promise<void>;

export interface RateAnswerDependencies {
  chatStore: Pick<ChatStore, 'find'>;
  sessionStore: Pick<SessionStore, 'findHistory'>;
  /** Keeps the rating; resolves once it will not be lost. */
  record: (caller: SessionKey, rating: Rating) => Promise<void>;
}

/** A rating counts only from the pair of user and session that got the answer. */
export function createRateAnswer({ chatStore, sessionStore, record }: RateAnswerDependencies): RateAnswer {
  return async (caller, rating) => {
    const { requestId } = rating;
    const found = await chatStore.find({ ...caller, key: requestId });
    const isFinished = found?.claim.state === 'done' && found.claim.requestId === requestId;
    if (!isFinished) {
      const turns = (await sessionStore.findHistory(caller)) ?? [];
      if (!turns.some((turn) => turn.requestId === requestId)) {
        throw new AppError('NOT_FOUND', 'There is no such answer in this session.');
      }
    }
    await record(caller, rating);
  };
}
