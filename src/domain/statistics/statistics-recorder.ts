import type { SessionKey } from '../sessions/session-store.ts';
import type { Anonymizer } from './anonymizer.ts';
import type {
  FeedbackEvent,
  InteractionEvent,
  SearchEvent,
  SessionEvent,
  StatisticsEvent,
} from './statistics-event.ts';
import type { StatisticsQueue } from './statistics-queue.ts';

/** The same as an event, with the identity and the texts as they came in. */
export type Interaction = Omit<InteractionEvent, 'kind' | 'userId' | 'sessionHash' | 'addressHash'> &
  SessionKey & { clientAddress: string | undefined };
export type Feedback = Omit<FeedbackEvent, 'kind'>;
export type SearchMade = Omit<SearchEvent, 'kind'>;
export type SessionChange = Omit<SessionEvent, 'kind' | 'id' | 'userId' | 'sessionHash'> & SessionKey;

export interface StatisticsRecorderDependencies {
  /** One whose `append` does not throw: see createBufferedStatisticsQueue. */
  queue: Pick<StatisticsQueue, 'append'>;
  anonymizer: Anonymizer;
  /** ENABLE_STATISTICS */
  enabled: boolean;
  /** TRACK_USER_SESSIONS */
  trackUserSessions: boolean;
}

/** Turns what happened into events without anybody's identity, and sends them on their way. Never throws. */
export interface StatisticsRecorder {
  /** The event that closes a chat along with its turn; undefined when statistics are off. */
  createInteractionEvent(interaction: Interaction): InteractionEvent | undefined;
  /** Sends an event that could not go along with its turn. */
  append(event: StatisticsEvent | undefined): Promise<void>;
  recordFeedback(feedback: Feedback): Promise<void>;
  recordSearch(search: SearchMade): Promise<void>;
  recordSession(change: SessionChange): Promise<void>;
}

export const createStatisticsRecorder = ({
  queue,
  anonymizer,
  enabled,
  trackUserSessions,
}: StatisticsRecorderDependencies): StatisticsRecorder => {
  const append = async (event: StatisticsEvent | undefined) => {
    if (enabled && event !== undefined) await queue.append([event]);
  };
  const identify = (key: SessionKey) => ({
    userId: anonymizer.userId(key.userId),
    sessionHash: anonymizer.sessionHash(key),
  });
  return {
    createInteractionEvent: ({ userId, sessionId, clientAddress, question, response, ...interaction }) =>
      enabled
        ? {
            kind: 'interaction',
            ...interaction,
            ...identify({ userId, sessionId }),
            addressHash: clientAddress === undefined ? undefined : anonymizer.addressHash(clientAddress),
            question: anonymizer.text(question),
            response: anonymizer.text(response),
          }
        : undefined,
    append,
    recordFeedback: ({ userId, comment, ...feedback }) =>
      append({
        kind: 'feedback',
        ...feedback,
        userId: anonymizer.userId(userId),
        comment: comment === undefined ? undefined : anonymizer.text(comment),
      }),
    recordSearch: (search) => append({ kind: 'search', ...search }),
    recordSession: async ({ userId, sessionId, ...change }) => {
      if (!trackUserSessions) return;
      const identity = identify({ userId, sessionId });
      await append({
        kind: 'session',
        id: `${identity.sessionHash}:${change.change}`,
        ...change,
        ...identity,
      });
    },
  };
};
