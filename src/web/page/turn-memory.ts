import type { Question } from './answer-stream.ts';
import type { ChatReply } from './chat-api.ts';
import type { Preferences } from './preferences.ts';
import type { AnswerDetails } from './turn-view.ts';

/** A question whose answer has not arrived whole. */
export interface PendingQuestion {
  question: Question;
  requestId?: string | undefined;
  askedAt: number;
}

/** As long as the service keeps a stream open for its asker. */
const pendingLifeMs = 10 * 60_000;
const detailsKept = 50;

export type TurnMemory = ReturnType<typeof createTurnMemory>;

/** What a reload of the tab must not lose, and the service's history does not tell. */
export const createTurnMemory = (preferences: Preferences) => {
  const allDetails = () => preferences.tabValue<[string, AnswerDetails][]>('details') ?? [];

  return {
    keepDetails({ request_id, sources, confidence, answered_by }: ChatReply): void {
      const entry: [string, AnswerDetails] = [request_id, { sources, confidence, answered_by }];
      preferences.setTabValue('details', [...allDetails(), entry].slice(-detailsKept));
    },
    findDetails: (requestId: string): AnswerDetails | undefined =>
      allDetails().find(([id]) => id === requestId)?.[1],

    keepPending: (pending?: PendingQuestion): void => preferences.setTabValue('pending', pending),
    findPending(now: number): PendingQuestion | undefined {
      const pending = preferences.tabValue<PendingQuestion>('pending');
      return pending !== undefined && now - pending.askedAt < pendingLifeMs ? pending : undefined;
    },

    forget(): void {
      preferences.setTabValue('details', undefined);
      preferences.setTabValue('pending', undefined);
    },
  };
};
